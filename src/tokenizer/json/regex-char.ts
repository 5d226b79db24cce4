/** A character for an expression with the flag v, inside a class or outside. */
export function escaped(char: string): string {
  if (/^[A-Za-z0-9 '_]$/.test(char)) return char
  return `\\u{${char.codePointAt(0)!.toString(16).toUpperCase()}}`
}

/** Letters that equal others without regard to case, though neither's upper or lower case is the other. */
const UNUSUAL = [
  ...'\u017F\u212A\u212B\u1E9E\u03C2\u03D0\u03D1\u03D5\u03D6\u03F0\u03F1\u03F5\u1E9B\u1FBE\u2126\u00B5\u0345',
  ...'\u1C80\u1C81\u1C82\u1C83\u1C84\u1C85\u1C86\u1C87\u1C88',
]

/** The class of characters that equal `char` without regard to case; the character where there are no others. */
export function caseVariants(char: string): string {
  const equal = new RegExp(`^${escaped(char)}$`, 'iv')
  const candidates = [
    char,
    char.toLowerCase(),
    char.toUpperCase(),
    char.toUpperCase().toLowerCase(),
    ...UNUSUAL,
  ]
  const variants = [...new Set(candidates.filter((candidate) => equal.test(candidate)))]
  return variants.length === 1 ? escaped(char) : `[${variants.map(escaped).join('')}]`
}
