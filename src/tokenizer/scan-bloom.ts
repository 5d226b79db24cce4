import { BLANK, categoryAt, NUMBER, nextChar, WHITE_SPACE } from './categories.js'
import type { Scanner } from './scanner.js'

const STOPS = new Uint8Array(0x10000)
for (const char of '(|.,!?…。，、।۔،)') STOPS[char.charCodeAt(0)] = 1

const isStop = (text: Uint16Array, at: number) =>
  STOPS[text[at]!] === 1 || ((WHITE_SPACE >>> categoryAt(text, at)) & 1) === 1

/** BLOOM's rule: what stands between stops and white space, with a blank before it; and what lies between. */
function bloom(singleNumbers: boolean): Scanner {
  const single = singleNumbers ? NUMBER : 0
  return (text, at, end) => {
    const leads = (i: number) => (BLANK >>> categoryAt(text, i)) & 1 && i + 1 < end && !isStop(text, i + 1)
    let i = at
    if (leads(at)) i++
    else if (isStop(text, at)) {
      do i++
      while (i < end && isStop(text, i) && !leads(i))
      return i
    }
    if (i === at && (single >>> categoryAt(text, at)) & 1) return nextChar(text, at)
    while (i < end && !isStop(text, i) && !((single >>> categoryAt(text, i)) & 1)) i = nextChar(text, i)
    return i
  }
}

export const scanBloom = bloom(false)
/** Viking's: every number character by itself as well. */
export const scanViking = bloom(true)
