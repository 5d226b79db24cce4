// A thread of bench/lopt.mjs that encodes its text whenever it is told to, all by itself.
import { parentPort, workerData } from 'node:worker_threads'
import { openGguf } from '../dist/format/index.js'
import { tokenizerFromGguf } from '../dist/tokenizer/index.js'

const file = await openGguf(workerData.model)
const tokenizer = tokenizerFromGguf(file.metadata)
await file.close()
parentPort.on('message', () => parentPort.postMessage(tokenizer.encode(workerData.text).length))
