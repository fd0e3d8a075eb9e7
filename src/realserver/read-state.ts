import type { ProcessId } from '../linux/process-id.js'
import { quietSysctls } from './arp.js'
import { fieldsOf, listOf, textOf, wholeOf, wrong } from './checked.js'
import type { DecapsulatorOptions } from './decapsulator.js'
import { isDeviceName, KERNEL_DEVICE, USERSPACE_DEVICE } from './devices.js'
import type { Change } from './journal.js'
import { rpFilterOf } from './reverse-path.js'
import type { Running, State } from './state.js'
import { isVip } from './vip.js'

/*
 * `stop` undoes the recorded changes as root, so the reader accepts only what `start` may have written: every name is
 * checked. A file with anything else is refused whole, in a line that names the entry.
 */

const PID_MAX = 2 ** 22
const PORT_MAX = 65_535
const isCount = (text: string): boolean => /^\d{1,20}$/.test(text)

/** Throws a line about the first entry that is malformed. */
export function readState(text: string): State {
  const { cookie, vips, way, changes, decapsulator } = fieldsOf(parse(text), 'it', [
    'cookie',
    'vips',
    'way',
    'changes',
    'decapsulator',
  ])
  const state: State = {
    ...(cookie !== undefined && { cookie: textOf(cookie, 'cookie', "a namespace's number", isCount) }),
    vips: readVips(vips),
    changes: listOf(changes, 'changes', readChange),
  }
  if (way !== undefined) state.way = readWay(way)
  if (decapsulator !== undefined) state.decapsulator = readRunning(decapsulator)
  return state
}

export function readProcess(value: unknown, where: string): ProcessId {
  const { pid, start } = fieldsOf(value, where, ['pid', 'start'])
  return {
    pid: wholeOf(pid, `${where}.pid`, 1, PID_MAX),
    start: textOf(start, `${where}.start`, "a process's start", isCount),
  }
}

export function readDecapsulatorOptions(value: unknown, where: string): DecapsulatorOptions {
  const known = ['interfaces', 'vips', 'guePort', 'device', 'decap']
  const { interfaces, vips, guePort, device, decap } = fieldsOf(value, where, known)
  if (decap !== undefined && decap !== 'auto' && decap !== 'program')
    throw wrong(`${where}.decap`, decap, 'auto or program')
  return {
    interfaces: listOf(interfaces, `${where}.interfaces`, readDevice),
    vips: listOf(vips, `${where}.vips`, readVip),
    guePort: wholeOf(guePort, `${where}.guePort`, 0, PORT_MAX),
    device: textOf(device, `${where}.device`, USERSPACE_DEVICE, name => name === USERSPACE_DEVICE),
    ...(decap !== undefined && { decap }),
  }
}

/** Reads the JSON of a state file. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error('it is no JSON', { cause: error })
  }
}

function readVips(value: unknown): State['vips'] {
  const vips = fieldsOf(value, 'vips', Object.keys(Object(value)))
  return Object.fromEntries(
    Object.entries(vips).map(([vip, settings]) => {
      const { tunnel } = fieldsOf(settings, `vips.${readVip(vip, 'vips')}`, ['tunnel'])
      if (typeof tunnel !== 'boolean') throw wrong(`vips.${vip}.tunnel`, tunnel, 'true or false')
      return [vip, { tunnel }]
    }),
  )
}

function readWay(value: unknown): 'kernel' | 'userspace' {
  if (value === 'kernel' || value === 'userspace') return value
  throw wrong('way', value, 'kernel or userspace')
}

function readRunning(value: unknown): Running {
  const { options, process } = fieldsOf(value, 'decapsulator', ['options', 'process'])
  return {
    options: readDecapsulatorOptions(options, 'decapsulator.options'),
    process: readProcess(process, 'decapsulator.process'),
  }
}

function readChange(value: unknown, where: string): Change {
  const { what } = fieldsOf(value, where, Object.keys(Object(value)))
  switch (what) {
    case 'sysctl':
      return readSysctl(value, where)
    case 'address': {
      const { device, vip } = fieldsOf(value, where, ['what', 'device', 'vip'])
      return { what, device: readOurDevice(device, `${where}.device`), vip: readVip(vip, `${where}.vip`) }
    }
    case 'up': {
      const { device } = fieldsOf(value, where, ['what', 'device'])
      return { what, device: readOurDevice(device, `${where}.device`) }
    }
    case 'device': {
      const { device } = fieldsOf(value, where, ['what', 'device'])
      return { what, device: textOf(device, `${where}.device`, KERNEL_DEVICE, name => name === KERNEL_DEVICE) }
    }
    case 'module': {
      const { module } = fieldsOf(value, where, ['what', 'module'])
      return { what, module: textOf(module, `${where}.module`, 'ipip', name => name === 'ipip') }
    }
    default:
      throw wrong(`${where}.what`, what, 'sysctl, address, up, device or module')
  }
}

function readSysctl(value: unknown, where: string): Change {
  const { name, before } = fieldsOf(value, where, ['what', 'name', 'before'])
  return {
    what: 'sysctl',
    name: textOf(name, `${where}.name`, 'a sysctl that uvs realserver sets', isOurSysctl),
    before: textOf(before, `${where}.before`, 'a whole number', text => /^-?\d{1,10}$/.test(text)),
  }
}

function isOurSysctl(name: string): boolean {
  if (name === rpFilterOf(KERNEL_DEVICE)) return true
  const device = /^net\/ipv4\/conf\/([^/]+)\/arp_[a-z]+$/.exec(name)?.[1]
  return device !== undefined && isDeviceName(device) && quietSysctls(device).some(known => known.name === name)
}

function readDevice(value: unknown, where: string): string {
  return textOf(value, where, "an interface's name", isDeviceName)
}

/** A device that `start` puts a VIP on, or sets up. */
function readOurDevice(value: unknown, where: string): string {
  return textOf(value, where, `lo or ${KERNEL_DEVICE}`, name => name === 'lo' || name === KERNEL_DEVICE)
}

function readVip(value: unknown, where: string): string {
  return textOf(value, where, 'an IPv4 address that may be virtual', isVip)
}
