// What models/README.md says of the built-in model: perplexity of held-out documents for each file and number of digits,
// right answers to held-out arithmetic, unedited samples.
//
//   multiscale corpus data --megabytes 80
//   node bench/stories.mjs data/heldout.txt MODEL.gguf … [--documents N] [--samples 10] [--out FILE]
import { writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { answerOf } from '../dist/cli/arithmetic-tasks.js'
import { listArithmeticProblems } from '../dist/corpus/index.js'
import { loadModel } from '../dist/index.js'
import { readDocuments } from '../dist/rl/index.js'
import { machine } from './machine.mjs'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    documents: { type: 'string', default: '1000000' },
    samples: { type: 'string', default: '10' },
    digits: { type: 'string', default: '1,2' },
    out: { type: 'string' },
  },
})
const [text, ...models] = positionals
const documents = []
for await (const document of readDocuments(text)) {
  documents.push(document)
  if (documents.length === Number(flags.documents)) break
}

/** Mean negative log-probability of every token of every document, each on its own, with the token that ends it. */
async function crossEntropy(model) {
  const [end] = await model.tokenize('<|endoftext|>', { addSpecial: false, parseSpecial: true })
  let nats = 0
  let tokens = 0
  for (const document of documents) {
    const ids = [...(await model.tokenize(document)), end]
    for (const score of await model.score(ids)) nats -= score
    tokens += ids.length - 1
  }
  return { perplexity: Math.exp(nats / tokens), tokens }
}

async function rightAnswers(model) {
  const problems = listArithmeticProblems('heldout')
  let right = 0
  for (const { question, answer } of problems) {
    const { text } = await model.generate(question, { maxTokens: 20, temperature: 0, stop: ['\n'] }).result
    if (answerOf(text) === answer) right++
  }
  return { right, problems: problems.length }
}

const results = []
for (const path of models) {
  for (const digits of flags.digits.split(',').map(Number)) {
    const model = await loadModel(path, { passes: digits, context: 512 })
    const { perplexity, tokens } = await crossEntropy(model)
    const { right, problems } = await rightAnswers(model)
    await model.close()
    const share = right / problems
    results.push({ model: basename(path), digits, perplexity, tokens, right, problems })
    console.log(
      `${basename(path)}, ${digits} digits: perplexity ${perplexity.toFixed(4)} of ${tokens} tokens, ` +
        `${right} of ${problems} held-out problems right (${(100 * share).toFixed(1)} %)`,
    )
    if (/F32|f32/.test(path)) break // float weights take activations as they are
  }
}

const model = await loadModel(models.at(-1), { context: 512 })
const samples = []
for (let seed = 1; seed <= Number(flags.samples); seed++) {
  const prompt = 'Once upon a time'
  const { text, tokens, finishReason } = await model.generate(prompt, {
    maxTokens: 300,
    temperature: 0.8,
    minP: 0.05,
    seed,
  }).result
  samples.push({ seed, tokens: tokens.length, finishReason, text: prompt + text })
  console.log(`\n--- seed ${seed}, ${tokens.length} tokens, ${finishReason}\n${prompt}${text}`)
}
await model.close()
if (flags.out)
  writeFileSync(flags.out, `${JSON.stringify({ machine: machine(), results, samples }, null, 2)}\n`)
