import { isDeepStrictEqual } from 'node:util'
import { isAlive } from '../linux/process-id.js'
import { changeDaemon, endDaemon, startDaemon } from './daemon-process.js'
import type { DecapsulatorOptions } from './decapsulator.js'
import { addressesOf, type Host, ip, isUp, link } from './host.js'
import { rpFilterOf, tunnelRpFilter } from './reverse-path.js'
import type { Running, State } from './state.js'
import type { StateFile } from './state-file.js'

/** A real server's host and its state. */
export interface Place {
  host: Host
  files: StateFile
  state: State
}

/**
 * Runs the decapsulator with these options; with undefined, ends it. A running one takes new options without losing a
 * frame; it is replaced only if it is dead, mute or without its device. Returns whether it already had these options.
 */
export async function decapsulate(place: Place, wanted: DecapsulatorOptions | undefined): Promise<boolean> {
  const running = place.state.decapsulator
  if (!wanted) {
    await end(place)
    return running === undefined
  }
  const known = running?.options.interfaces ?? []
  for (const name of wanted.interfaces) if (!known.includes(name)) mustBeUsable(place.host, name)
  if (running && (await isChanged(place, running, wanted))) {
    setUpDevice(place.host, wanted)
    return isDeepStrictEqual(wanted, running.options)
  }
  await end(place)
  await begin(place, wanted)
  return false
}

/** Returns false if the running decapsulator cannot be reached; throws if it refuses, and then it keeps its options. */
async function isChanged(
  { host, files, state }: Place,
  running: Running,
  wanted: DecapsulatorOptions,
): Promise<boolean> {
  if (!isAlive(running.process) || link(host, wanted.device) === undefined) return false
  state.decapsulator = { ...running, options: wanted }
  files.save(state)
  try {
    return await changeDaemon(running.process, wanted, files)
  } catch (error) {
    state.decapsulator = running
    files.save(state)
    throw error
  }
}

async function begin(place: Place, options: DecapsulatorOptions): Promise<void> {
  const { host, files, state } = place
  try {
    await startDaemon(options, files, process => {
      state.decapsulator = { options, process }
      files.save(state)
    })
    setUpDevice(host, options)
  } catch (error) {
    await end(place)
    throw error
  }
}

async function end({ host, files, state }: Place): Promise<void> {
  if (!state.decapsulator) return
  const { process, options } = state.decapsulator
  if (isAlive(process)) await endDaemon(process)
  if (options.decap !== undefined) await host.clearIngress(options.interfaces)
  delete state.decapsulator
  files.save(state)
}

function mustBeUsable(host: Host, name: string): void {
  const line = link(host, name)
  if (line === undefined) throw noSuchInterface(name)
  if (!line.includes('link/ether')) throw new Error(`--interface: '${name}' is no Ethernet interface`)
  if (!isUp(line)) throw new Error(`--interface: '${name}' is down`)
}

export function noSuchInterface(name: string): Error {
  return new Error(`--interface: there is no interface '${name}'`)
}

/** Of a packet: before Linux 5.12 the kernel drops what a program hands to a device whose MTU is less. */
const MOST_OCTETS = '65535'

/** The device is ours alone, so addresses that do not belong there are removed. */
function setUpDevice(host: Host, { device, vips }: DecapsulatorOptions): void {
  const noIpv6 = `net/ipv6/conf/${device}/disable_ipv6`
  if ((host.sysctl(noIpv6) ?? '1') !== '1') host.setSysctl(noIpv6, '1')
  const had = addressesOf(host, device)
  host.setSysctl(rpFilterOf(device), tunnelRpFilter(host))
  for (const vip of vips.filter(vip => !had.includes(`${vip}/32`)))
    ip(host, 'addr', 'add', `${vip}/32`, 'dev', device, 'scope', 'host')
  for (const cidr of had) if (!vips.includes(cidr.split('/')[0]!)) ip(host, 'addr', 'del', cidr, 'dev', device)
  ip(host, 'link', 'set', 'dev', device, 'mtu', MOST_OCTETS, 'up')
}
