/** A character for an expression with the flag v, inside a class or outside. */
export function escaped(char: string): string {
  if (/^[A-Za-z0-9 '_]$/.test(char)) return char
  return `\\u{${char.codePointAt(0)!.toString(16).toUpperCase()}}`
}

/** Letters that equal others without regard to case, though neither's upper or lower case is the other. */
const UNUSUAL = [...'ſKÅẞςϐϑϕϖϰϱϵẛιΩµͅᲀᲁᲂᲃᲄᲅᲆᲇᲈ']

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
