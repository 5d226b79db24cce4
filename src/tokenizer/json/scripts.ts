import type { Cutter } from './split.js'

const ANY = 'Any'

/** `Intl` and the flag v know scripts only by name: these are Unicode's. */
const SCRIPTS = (
  'Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bhaiksuki Bopomofo ' +
  'Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee Common Coptic ' +
  'Cuneiform Cypriot Cyrillic Deseret Devanagari Duployan Egyptian_Hieroglyphs Elbasan Ethiopic Georgian Glagolitic ' +
  'Gothic Grantha Greek Gujarati Gurmukhi Han Hangul Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic Inherited ' +
  'Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kayah_Li Kharoshthi Khmer Khojki ' +
  'Khudawadi Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani Malayalam Mandaic Manichaean Marchen ' +
  'Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean ' +
  'New_Tai_Lue Newa Nko Ogham Ol_Chiki Old_Hungarian Old_Italic Old_North_Arabian Old_Permic Old_Persian ' +
  'Old_South_Arabian Old_Turkic Oriya Osage Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician ' +
  'Psalter_Pahlavi Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham SignWriting Sinhala Sora_Sompeng ' +
  'Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangut Telugu Thaana Thai ' +
  'Tibetan Tifinagh Tirhuta Ugaritic Vai Warang_Citi Yi'
).split(' ')

let expressions: [string, RegExp][] | undefined
const known = new Map<string, string>()

/**
 * Cuts where the script changes; spaces and characters of no script known belong to what stands before them, and are
 * left out at the beginning, as in Hugging Face `tokenizers`.
 */
export const scriptCutter: Cutter = (text, onPiece) => {
  let start = -1
  let last = ANY
  let at = 0
  for (const char of text) {
    const script = scriptOf(char)
    if (script !== ANY && script !== last) {
      if (start >= 0) onPiece(start, at)
      start = at
      last = script
    }
    at += char.length
  }
  if (start >= 0) onPiece(start, at)
}

function scriptOf(char: string): string {
  let script = known.get(char)
  if (script === undefined) {
    script = findScript(char)
    known.set(char, script)
  }
  return script
}

/** Kana are taken for Han, as SentencePiece's trainer does. */
function findScript(char: string): string {
  if (char === ' ') return ANY
  if (char === 'ー') return 'Han'
  expressions ??= SCRIPTS.map((name) => [name, new RegExp(`\\p{Script=${name}}`, 'u')])
  const script = expressions.find(([, expression]) => expression.test(char))?.[0] ?? ANY
  return script === 'Hiragana' || script === 'Katakana' ? 'Han' : script
}
