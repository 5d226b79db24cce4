import { Trace } from '../../engine/trace.js'
import { progressBar } from '../terminal.js'

/** A model to look into, with keys and values as exact as float32. @throws as `Trace.load` */
export async function loadTrace(path: string, signal: AbortSignal): Promise<Trace> {
  const bar = progressBar('loading')
  const trace = await Trace.load(path, {
    cacheType: 'f32',
    signal,
    onProgress: ({ loadedBytes, totalBytes }) => bar.update(loadedBytes, totalBytes),
  }).finally(() => bar.end())
  if (trace.info.notice) console.error(`multiscale: ${trace.info.notice}`)
  return trace
}
