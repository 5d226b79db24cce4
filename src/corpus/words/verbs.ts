/** Verb forms: the irregular ones by table, the others by the rules of spelling. */

const IRREGULAR = new Map(
  `be was|beat beat|become became|begin began|bite bit|blow blew|break broke|bring brought|build built|buy bought|catch caught|
  choose chose|come came|cut cut|dig dug|do did|draw drew|drink drank|drive drove|eat ate|fall fell|feed fed|feel felt|
  find found|fly flew|forget forgot|get got|give gave|go went|grow grew|hang hung|have had|hear heard|hide hid|hit hit|hold held|
  keep kept|know knew|leave left|let let|lie lay|light lit|lose lost|make made|meet met|pay paid|put put|read read|
  ride rode|ring rang|rise rose|run ran|say said|see saw|sell sold|send sent|set set|shake shook|shine shone|show showed|
  sing sang|sit sat|sleep slept|slide slid|speak spoke|spend spent|spin spun|stand stood|steal stole|sweep swept|
  swim swam|swing swung|take took|teach taught|tell told|think thought|throw threw|wake woke|wear wore|win won|
  wind wound|write wrote`
    .split('|')
    .map((pair) => pair.trim().split(' ') as [string, string]),
)

/** One-syllable verbs that end in one vowel and one consonant. */
const DOUBLING = /^(?:[^aeiou]*|[^aeiou]*qu)[aeiou][bdgklmnprt]$/
const SINGLE = new Set(['open', 'listen', 'visit', 'water', 'gather', 'wander'])

/** "ride" → "rode", "jump" → "jumped", "hop" → "hopped". */
export function past(verb: string): string {
  const irregular = IRREGULAR.get(verb)
  if (irregular !== undefined) return irregular
  if (verb.endsWith('e')) return `${verb}d`
  if (/[^aeiou]y$/.test(verb)) return `${verb.slice(0, -1)}ied`
  return doubles(verb) ? `${verb}${verb.at(-1)}ed` : `${verb}ed`
}

/** "ride" → "riding", "run" → "running", "lie" → "lying". */
export function gerund(verb: string): string {
  if (verb.endsWith('ie')) return `${verb.slice(0, -2)}ying`
  if (verb.endsWith('e') && !/(ee|oe|ye|be)$/.test(verb)) return `${verb.slice(0, -1)}ing`
  if (verb === 'begin' || verb === 'forget') return `${verb}${verb.at(-1)}ing`
  return doubles(verb) ? `${verb}${verb.at(-1)}ing` : `${verb}ing`
}

function doubles(verb: string): boolean {
  return DOUBLING.test(verb) && !SINGLE.has(verb) && !/[wxy]$/.test(verb)
}

/** "play", "plays"; "catch", "catches"; "have", "has". */
export function thirdPerson(verb: string): string {
  if (verb === 'have') return 'has'
  if (/(s|x|z|ch|sh|o)$/.test(verb)) return `${verb}es`
  return /[^aeiou]y$/.test(verb) ? `${verb.slice(0, -1)}ies` : `${verb}s`
}

/** A verb with what follows it: only the first word changes its form. */
export class VerbPhrase {
  readonly base: string
  readonly past: string
  readonly gerund: string

  constructor(phrase: string) {
    const cut = phrase.indexOf(' ')
    const verb = cut < 0 ? phrase : phrase.slice(0, cut)
    const rest = cut < 0 ? '' : phrase.slice(cut)
    this.base = phrase
    this.past = past(verb) + rest
    this.gerund = gerund(verb) + rest
  }
}

/** "box" → "boxes", "berry" → "berries", "leaf" → "leaves". */
export function plural(noun: string): string {
  const odd = ODD_PLURALS.get(noun)
  if (odd !== undefined) return odd
  if (/(s|x|z|ch|sh)$/.test(noun)) return `${noun}es`
  return /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`
}

const ODD_PLURALS = new Map([
  ['leaf', 'leaves'],
  ['mouse', 'mice'],
  ['goose', 'geese'],
  ['sheep', 'sheep'],
  ['deer', 'deer'],
  ['fish', 'fish'],
  ['wolf', 'wolves'],
  ['calf', 'calves'],
  ['scarf', 'scarves'],
  ['foot', 'feet'],
  ['tooth', 'teeth'],
  ['child', 'children'],
  ['potato', 'potatoes'],
  ['tomato', 'tomatoes'],
])
