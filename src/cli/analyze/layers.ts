import { InvalidArgumentError } from 'commander'

/** Option parser: layers counted from 0, separated by commas. */
export function layerList(list: string): number[] {
  return list.split(',').map((layer) => {
    const value = Number(layer)
    if (layer.trim() !== '' && Number.isSafeInteger(value) && value >= 0) return value
    throw new InvalidArgumentError('whole numbers separated by commas are needed.')
  })
}

/**
 * Those of a model's layers that were asked for, ascending; all if none were.
 * @throws RangeError for a layer that the model does not have
 */
export function chosenLayers(count: number, wanted: readonly number[] | undefined): number[] {
  const all = Array.from({ length: count }, (_, layer) => layer)
  const missing = wanted?.find((layer) => !all.includes(layer))
  if (missing !== undefined) {
    throw new RangeError(`there is no layer ${missing}; the model has layers 0 to ${count - 1}`)
  }
  return wanted ? all.filter((layer) => wanted.includes(layer)) : all
}

/** layer 3, layers 0 to 5, layers 0, 2. @param layers ascending, at least one */
export function layerNames(layers: readonly number[]): string {
  const [first, last] = [layers[0], layers[layers.length - 1]]
  if (layers.length === 1) return `layer ${first}`
  return last - first + 1 === layers.length ? `layers ${first} to ${last}` : `layers ${layers.join(', ')}`
}
