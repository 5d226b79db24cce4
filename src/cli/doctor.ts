import { Command } from 'commander'
import { describe } from './doctor/describe.js'
import { diagnose } from './doctor/diagnose.js'
import { interruptSignal, progressBar } from './terminal.js'

export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'Look at this machine, test everything that computes on it, and measure what it can do at best.',
    )
    .option('--json', 'print one JSON object and nothing else')
    .addHelpText('after', '\nExample:\n  multiscale doctor --json > report.json')
    .action(doctor)
}

async function doctor(flags: { json?: boolean }): Promise<void> {
  const bar = progressBar('examining')
  const diagnosis = await diagnose({
    signal: interruptSignal(),
    onProgress: (step, done, total) => bar.update(done, total, ` | ${step}`),
  }).finally(() => bar.end())
  console.log(flags.json ? JSON.stringify(diagnosis) : describe(diagnosis))
  if (!diagnosis.healthy) process.exitCode = 1
}
