#!/usr/bin/env node
import { Command } from 'commander'
import { analyzeCommand } from './analyze.js'
import { benchCommand } from './bench.js'
import { corpusCommand } from './corpus.js'
import { costCommand } from './cost.js'
import { doctorCommand } from './doctor.js'
import { evalCommand } from './eval.js'
import { inspectCommand } from './inspect.js'
import { packageVersion } from './machine.js'
import { rlCommand } from './rl.js'
import { rooflineCommand } from './roofline.js'
import { runCommand } from './run.js'
import { endQuietlyOnClosedPipe, fail } from './terminal.js'
import { tokenizeCommand } from './tokenize.js'
import { trainCommand } from './train.js'
import { transportCommand } from './transport.js'

const program = new Command('multiscale')
  .description(
    'Low-bit language models, multiplied as they are stored.\n\n' +
      '  multiscale run "Once upon a time" --model model.gguf\n' +
      '  multiscale inspect model.gguf\n' +
      '  multiscale eval text.txt --model model.gguf\n' +
      '  multiscale tokenize text.txt --count\n' +
      '  multiscale bench model.gguf\n' +
      '  multiscale doctor\n' +
      '  multiscale corpus data\n' +
      '  multiscale analyze attention\n' +
      '  multiscale cost --device h100\n' +
      '  multiscale roofline\n' +
      '  multiscale transport a.csv b.csv',
  )
  .version(packageVersion)
  .addCommand(runCommand())
  .addCommand(inspectCommand())
  .addCommand(evalCommand())
  .addCommand(tokenizeCommand())
  .addCommand(benchCommand())
  .addCommand(doctorCommand())
  .addCommand(corpusCommand())
  .addCommand(trainCommand())
  .addCommand(rlCommand())
  .addCommand(analyzeCommand())
  .addCommand(costCommand())
  .addCommand(rooflineCommand())
  .addCommand(transportCommand())
  .showHelpAfterError('(add --help for what there is)')

endQuietlyOnClosedPipe()
try {
  await program.parseAsync()
} catch (error) {
  fail(error)
}
