import { Option } from 'commander'
import { listOf } from '../options.js'
import { DISTRIBUTIONS } from './msd/data.js'

/** Of the commands that take random activations in place of a model's. */
export function distributionOption(): Option {
  return new Option(
    '--distribution <list>',
    `random activations, separated by commas: ${DISTRIBUTIONS.join(', ')}`,
  )
    .argParser(listOf('distribution', DISTRIBUTIONS))
    .default(DISTRIBUTIONS, 'all')
}
