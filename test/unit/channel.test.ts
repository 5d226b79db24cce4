import { EventEmitter, once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { Channel } from '../../src/engine/channel.js'
import { packError, unpackError } from '../../src/engine/protocol.js'
import { ContextLimitError } from '../../src/engine/types.js'
import { FormatError } from '../../src/format/index.js'

/** A worker that runs `onMessage`, JavaScript over `request` and `port`, in place of the engine. */
const channelTo = (onMessage: string) =>
  new Channel(
    new Worker(
      `const { parentPort: port } = require('node:worker_threads')
       port.on('message', (request) => { ${onMessage} })`,
      { eval: true },
    ),
  )

const ECHO = `if (request.method !== 'cancel') port.postMessage({ id: request.id, kind: 'result', value: request.params.text })`
const tokenize = (channel: Channel, text: string, signal?: AbortSignal) =>
  channel.request('tokenize', { text }, { signal }) as Promise<unknown>

describe('a worker that dies', () => {
  test.each([
    ['ends', 'process.exit(3)', "the model's worker thread ended (exit code 3)"],
    ['throws', "throw new Error('out of luck')", 'out of luck'],
  ])('one that %s rejects what is awaited, and all that comes later', async (_, code, message) => {
    const channel = channelTo(`if (request.params.text === 'die') { ${code} }`)
    const outcomes = await Promise.allSettled([tokenize(channel, 'wait'), tokenize(channel, 'die')])
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { message } })
    await expect(tokenize(channel, 'later')).rejects.toThrow(message)
    await channel.close()
  })
})

describe('closing', () => {
  test('an answer that comes while the worker is being terminated does not let the process end', async () => {
    class SlowToEnd extends EventEmitter {
      referenced = true
      ref() {
        this.referenced = true
      }
      unref() {
        this.referenced = false
      }
      postMessage() {}
      async terminate() {
        this.ref()
        await once(this, 'exit')
      }
    }
    const worker = new SlowToEnd()
    const channel = new Channel(worker as unknown as Worker)
    const controller = new AbortController()
    const request = tokenize(channel, 'never answered', controller.signal)
    controller.abort()
    await expect(request).rejects.toThrow()
    const closed = channel.close()
    worker.emit('message', { id: 0, kind: 'error', error: packError(new Error('cancelled')) })
    expect(worker.referenced).toBe(true)
    worker.emit('exit', 0)
    await closed
  })
})

describe('requests', () => {
  test('answers find their requests, whatever their order', async () => {
    const channel = channelTo(`setTimeout(() => { ${ECHO} }, request.params.text === 'a' ? 20 : 0)`)
    expect(await Promise.all([tokenize(channel, 'a'), tokenize(channel, 'b')])).toEqual(['a', 'b'])
    await channel.close()
  })

  test('what cannot be sent rejects, and is not waited for', async () => {
    const channel = channelTo(ECHO)
    const nonsense = { text: (() => {}) as unknown as string }
    await expect(channel.request('tokenize', nonsense)).rejects.toThrow(/could not be cloned/)
    expect(await tokenize(channel, 'still works')).toBe('still works')
    await channel.close()
  })

  test('an aborted signal rejects with its reason at once, and tells the worker', async () => {
    const channel = channelTo(
      `if (request.method === 'cancel') cancelled = request.id
       else if (request.params.text === 'which') port.postMessage({ id: request.id, kind: 'result', value: cancelled })`,
    )
    const controller = new AbortController()
    const slow = tokenize(channel, 'never answered', controller.signal)
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(slow).rejects.toBe(reason)
    expect(await tokenize(channel, 'which')).toBe(0)
    await expect(tokenize(channel, 'x', AbortSignal.abort(reason))).rejects.toBe(reason)
    await channel.close()
  })

  test('closing rejects what is awaited and what comes later; closing twice is fine', async () => {
    const channel = channelTo('')
    const pending = expect(tokenize(channel, 'x')).rejects.toThrow('the model was closed')
    await Promise.all([channel.close(), channel.close()])
    await pending
    await expect(tokenize(channel, 'y')).rejects.toThrow('the model was closed')
  })
})

describe('errors across the thread', () => {
  test.each([
    new FormatError('a.gguf', 'is damaged'),
    new ContextLimitError('too long'),
    new RangeError('out of range'),
    new TypeError('not that'),
    new Error('plain'),
  ])('%s keeps its class, message and stack', (error) => {
    const copy = unpackError(structuredClone(packError(error)))
    expect(copy).toBeInstanceOf(error.constructor)
    expect(copy).toBeInstanceOf(Error)
    expect(copy).toMatchObject({ name: error.name, message: error.message, stack: error.stack })
    expect(Object.keys(copy)).toEqual([])
  })

  test('what is thrown without being an error becomes one', () => {
    expect(unpackError(packError('text'))).toMatchObject({ name: 'Error', message: 'text' })
  })
})
