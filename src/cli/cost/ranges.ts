import { InvalidArgumentError } from 'commander'
import { positiveNumber } from '../options.js'

/** `1,8,64`, or `1..4096`: by doubling, both ends included. Ascending, each once. */
export function ranges(text: string): number[] {
  const values = text.split(',').flatMap((item) => {
    const ends = item.split('..')
    if (ends.length > 2) throw new InvalidArgumentError(`'${item}' is no range; write FROM..TO.`)
    const [from, to = from] = ends.map(positiveNumber)
    if (to < from) throw new InvalidArgumentError(`'${item}' runs backwards.`)
    const doubled: number[] = []
    for (let value = from; value < to; value *= 2) doubled.push(value)
    return [...doubled, to]
  })
  return [...new Set(values)].sort((a, b) => a - b)
}

/** Every combination of one value from each list. */
export function combinations<Name extends string>(
  lists: Readonly<Record<Name, readonly number[]>>,
): Record<Name, number>[] {
  return (Object.entries(lists) as [Name, readonly number[]][]).reduce<Record<Name, number>[]>(
    (all, [name, values]) => all.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{} as Record<Name, number>],
  )
}
