#!/usr/bin/env node
import { createRequire } from 'node:module'
import { Command } from 'commander'
import { evalCommand } from './eval.js'
import { inspectCommand } from './inspect.js'
import { runCommand } from './run.js'
import { endQuietlyOnClosedPipe, fail } from './terminal.js'

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }

const program = new Command('multiscale')
  .description(
    'Low-bit language models, multiplied as they are stored.\n\n' +
      '  multiscale run "Once upon a time" --model model.gguf\n' +
      '  multiscale inspect model.gguf\n' +
      '  multiscale eval text.txt --model model.gguf',
  )
  .version(version)
  .addCommand(runCommand())
  .addCommand(inspectCommand())
  .addCommand(evalCommand())
  .showHelpAfterError('(add --help for what there is)')

endQuietlyOnClosedPipe()
try {
  await program.parseAsync()
} catch (error) {
  fail(error)
}
