import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { analyzeCommand } from '../../src/cli/analyze.js'
import { benchCommand } from '../../src/cli/bench.js'
import { corpusCommand } from '../../src/cli/corpus.js'
import { costCommand } from '../../src/cli/cost.js'
import { doctorCommand } from '../../src/cli/doctor.js'
import { evalCommand } from '../../src/cli/eval.js'
import { inspectCommand } from '../../src/cli/inspect.js'
import { rlCommand } from '../../src/cli/rl.js'
import { rooflineCommand } from '../../src/cli/roofline.js'
import { runCommand } from '../../src/cli/run.js'
import { tokenizeCommand } from '../../src/cli/tokenize.js'
import { trainCommand } from '../../src/cli/train.js'
import { transportCommand } from '../../src/cli/transport.js'

const commands = [
  ...[runCommand(), inspectCommand(), evalCommand(), tokenizeCommand(), benchCommand(), doctorCommand()],
  ...[corpusCommand(), trainCommand(), rlCommand(), costCommand(), rooflineCommand(), transportCommand()],
  ...analyzeCommand().commands,
]

test.each(commands.map((command) => [command.name(), command] as const))(
  '%s: its help has an example of it, and --json',
  (name, command: Command) => {
    let help = ''
    command.configureOutput({
      writeOut: (text) => {
        help += text
      },
    })
    command.outputHelp()
    expect(help).toMatch(new RegExp(`^  multiscale (analyze )?${name}\\b`, 'm'))
    expect(help).toContain('--json')
  },
)
