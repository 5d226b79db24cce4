import { readFile } from 'node:fs/promises'
import { checkRates, DEVICES, type Device, RATE_NAMES } from '../../cost/index.js'
import type { RooflineReport } from '../roofline.js'
import { progressBar } from '../terminal.js'
import { machineDevice, measureMachine, oneAndAll } from './machine.js'

export interface DeviceFlags {
  readonly device: readonly string[]
  readonly roofline?: string
  readonly seconds: number
}

/** @throws Error for a name that is none, or a file that is no profile */
export async function devicesOf(flags: DeviceFlags, signal: AbortSignal): Promise<Device[]> {
  const devices: Device[] = []
  if (flags.roofline !== undefined && !flags.device.includes('this'))
    throw new Error('--roofline is what --device this takes instead of measuring')
  for (const name of flags.device) {
    if (name === 'this') devices.push(await thisMachine(flags, signal))
    else if (name.endsWith('.json')) devices.push(await fromFile(name))
    else if (DEVICES[name]) devices.push(DEVICES[name])
    else
      throw new Error(
        `'${name}' is no device; there are ${Object.keys(DEVICES).join(', ')}, this (measured), and files that end in .json`,
      )
  }
  return devices
}

async function thisMachine({ roofline, seconds }: DeviceFlags, signal: AbortSignal): Promise<Device> {
  if (roofline !== undefined) {
    const { devices } = (await json(roofline)) as Partial<RooflineReport>
    if (!Array.isArray(devices) || devices.length === 0)
      throw new Error(`${roofline} is not what multiscale roofline --json writes: it has no devices`)
    return checked(roofline, devices[devices.length - 1])
  }
  const progress = progressBar('measuring this machine')
  const threadCounts = oneAndAll().slice(-1)
  const [rates] = await measureMachine({ threadCounts, seconds, signal, progress }).finally(() =>
    progress.end(),
  )
  return machineDevice(rates)
}

async function fromFile(path: string): Promise<Device> {
  return checked(path, (await json(path)) as Partial<Device>)
}

function checked(path: string, device: Partial<Device> | null): Device {
  const { name = path, rates, sources } = device ?? {}
  if (rates === undefined || rates === null)
    throw new Error(`${path} is no device: it has no rates (${RATE_NAMES.join(', ')})`)
  checkRates(path, rates)
  const unknown = { text: `from ${path}` }
  return { name, rates, sources: { ...everySource(unknown), ...sources } }
}

function everySource(source: Device['sources']['memoryBytesPerSecond']): Device['sources'] {
  return Object.fromEntries(RATE_NAMES.map((name) => [name, source])) as Device['sources']
}

async function json(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8')
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`${path} is not JSON: ${(error as Error).message}`)
  }
}
