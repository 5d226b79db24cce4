/** GGUF's `tokenizer.ggml.token_type`. */
export const TokenType = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const

/**
 * Whether plain text may become this token by merging. Control, unknown and byte tokens may not: a user's
 * text must not be able to spell them piece by piece.
 */
export function isPlain(type: number): boolean {
  return type !== TokenType.unknown && type !== TokenType.control && type !== TokenType.byte
}

/** Whether decoding with `skipSpecial` leaves the token out. */
export function isSpecial(type: number): boolean {
  return type === TokenType.unknown || type === TokenType.control
}
