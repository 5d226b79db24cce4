import { describe, expect, test } from 'vitest'
import { type Backend, type Candidate, createReferenceBackend } from '../../src/backend/index.js'
import { describe as describeDiagnosis } from '../../src/cli/doctor/describe.js'
import { diagnose } from '../../src/cli/doctor/diagnose.js'
import { scrub } from '../../src/cli/doctor/scrub.js'

/** A candidate whose products have one wrong bit, if it is to be `wrong`. */
function candidate(variant: string, wrong: boolean): Candidate {
  return {
    backend: 'native',
    variant,
    compiled: true,
    supported: true,
    create() {
      const backend = createReferenceBackend()
      const read = backend.read.bind(backend)
      backend.read = async (tensor) => {
        const values = await read(tensor)
        if (wrong) new Uint32Array(values.buffer)[0] ^= 1
        return values
      }
      return backend as Backend
    },
  }
}

describe('diagnose', () => {
  test('a variant with one wrong bit is found, named and explained', async () => {
    const candidates = [
      candidate('right', false),
      candidate('wrong', true),
      { ...candidate('absent', true), compiled: false },
    ]
    const diagnosis = await diagnose({ candidates, measure: () => null })
    expect(diagnosis.healthy).toBe(false)
    expect(diagnosis.backends.map(({ selfTest }) => selfTest?.passed)).toEqual([true, false, undefined])
    expect(diagnosis.sameBits).toEqual([['right'], ['wrong']])
    const text = describeDiagnosis(diagnosis)
    expect(text).toMatch(/^native +wrong +yes +yes +\d+ of \d+ checks FAILED$/m)
    expect(text).toMatch(/^native wrong: digits, 1 digit per group: 1 of \d+ values are wrong; value 0 is /m)
    expect(text).toContain('native variants differ in some bits: right, but wrong')
    expect(text).toMatch(/^native +absent +no +yes +–$/m)
    expect(text).toContain('Something here computes WRONG results')
  })

  test('a backend that does not start is a failure, without a name of a user', async () => {
    const create = () => {
      throw new Error('no threads for /home/alice/addon')
    }
    const { healthy, backends } = await diagnose({
      candidates: [{ ...candidate('dead', false), create }],
      measure: () => null,
    })
    expect(healthy).toBe(false)
    expect(backends[0].selfTest?.failures).toEqual([
      { check: 'start', message: 'Error: no threads for /home/…/addon' },
    ])
  })

  test('an abort ends it', async () => {
    const controller = new AbortController()
    const pending = diagnose({
      candidates: [candidate('right', false)],
      measure: () => null,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    })
    await expect(pending).rejects.toThrow('enough')
  })
})

describe('scrub', () => {
  test.each([
    ['failed in /home/alice/src/x.cc', '/home/alice', 'failed in ~/src/x.cc'],
    ['failed in /home/bob/x.cc', '/home/alice', 'failed in /home/…/x.cc'],
    ['C:\\Users\\Bob\\x: no', 'D:\\alice', 'C:\\Users\\…\\x: no'],
    ['/usr/bin/c++: not found', '/', '/usr/bin/c++: not found'],
  ])('%s', (text, home, expected) => {
    expect(scrub(text, home)).toBe(expected)
  })
})
