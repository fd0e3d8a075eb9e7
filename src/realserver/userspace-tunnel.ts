import { isDeepStrictEqual } from 'node:util'
import { isAlive } from '../io/process-id.js'
import { endDaemon, startDaemon } from './daemon-process.js'
import type { DecapsulatorOptions } from './decapsulator.js'
import { type Host, ip, isUp, link } from './host.js'
import { rpFilterOf, tunnelRpFilter } from './reverse-path.js'
import type { State, StateFile } from './state-file.js'

/** The TUN device that inner packets come in by. */
export const USERSPACE_DEVICE = 'uvs-rs'

/** Where the state of a real server is, and on what host. */
export interface Place {
  host: Host
  files: StateFile
  state: State
}

/** Whether the decapsulator runs as it should: with these options, or not at all. */
export function isDecapsulating({ state }: Place, wanted: DecapsulatorOptions | undefined): boolean {
  const running = state.decapsulator
  if (!running || !wanted) return running === wanted
  return isAlive(running.process) && isDeepStrictEqual(running.options, wanted)
}

/** Has the decapsulator run with these options, or not at all. Its device and all that is set there goes with it. */
export async function decapsulate(place: Place, wanted: DecapsulatorOptions | undefined): Promise<void> {
  if (isDecapsulating(place, wanted)) return
  await end(place)
  if (!wanted) return
  const { host, files, state } = place
  for (const name of wanted.interfaces) mustBeUsable(host, name)
  try {
    await startDaemon(wanted, files, process => {
      state.decapsulator = { options: wanted, process }
      files.save(state)
    })
    setUpDevice(host, wanted)
  } catch (error) {
    await end(place)
    throw error
  }
}

async function end({ files, state }: Place): Promise<void> {
  if (!state.decapsulator) return
  await endDaemon(state.decapsulator.process)
  delete state.decapsulator
  files.save(state)
}

function mustBeUsable(host: Host, name: string): void {
  const line = link(host, name)
  if (line === undefined) throw new Error(`${name}: there is no such interface`)
  if (!line.includes('link/ether')) throw new Error(`${name} is no Ethernet interface`)
  if (!isUp(line)) throw new Error(`${name} is down`)
}

function setUpDevice(host: Host, { device, vips }: DecapsulatorOptions): void {
  const noIpv6 = `net/ipv6/conf/${device}/disable_ipv6`
  if (host.sysctl(noIpv6) !== undefined) host.setSysctl(noIpv6, '1')
  host.setSysctl(rpFilterOf(device), tunnelRpFilter(host))
  for (const vip of vips) ip(host, 'addr', 'add', `${vip}/32`, 'dev', device, 'scope', 'host')
  ip(host, 'link', 'set', 'dev', device, 'up')
}
