import { Command } from 'commander'
import { attentionCommand } from './analyze/attention.js'
import { driftCommand } from './analyze/drift.js'
import { msdCommand } from './analyze/msd.js'

export function analyzeCommand(): Command {
  return new Command('analyze')
    .description('Measure on this machine what docs/papers says, on random numbers and inside a model.')
    .addCommand(msdCommand())
    .addCommand(attentionCommand())
    .addCommand(driftCommand())
}
