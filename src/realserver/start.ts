import { keepSilent, loopbackUp } from './arp.js'
import type { DecapsulatorOptions } from './decapsulator.js'
import { KERNEL_DEVICE, USERSPACE_DEVICE } from './devices.js'
import { differences } from './differences.js'
import { holders, type Host, link } from './host.js'
import type { ProgramWanted } from './ingress-program.js'
import { Journal } from './journal.js'
import { hasKernelTunnel, openKernelTunnel } from './kernel-tunnel.js'
import { type State, tunnelledVips } from './state.js'
import type { StateFile } from './state-file.js'
import { decapsulate, noSuchInterface, type Place } from './userspace-tunnel.js'

export const GUE_PORT = 6080

export interface StartRequest {
  vips: readonly string[]
  /** Whether to open tunnels. */
  tunnel: boolean
  /** Do not use the kernel's ipip, even if there is one. */
  userspace: boolean
  /** Where tunnels end; by default every Ethernet interface with an IPv4 address. */
  interfaces: readonly string[]
  guePort: number | undefined
  /** Who takes outer headers off: a program where it can be had, a program, or the process alone; undefined: as before, at first `auto`. */
  decap?: ProgramWanted | 'device' | undefined
}

export interface Started {
  state: State
  /** Nothing had to be changed. */
  already: boolean
  /** Warnings for the user. */
  notes: string[]
}

/**
 * Makes this network namespace a real server of the VIPs, in addition to those that it serves already. On failure throws
 * one line and leaves everything as it was.
 */
export function startRealServer(request: StartRequest, host: Host, files: StateFile): Promise<Started> {
  return files.alone(async () => {
    const state = files.load()
    const before = structuredClone(state)
    const place = { host, files, state }
    const journal = new Journal(host, state.changes, () => files.save(state))
    const wasRight = differences(host, state).length === 0
    try {
      const wasSo = (await apply(request, place, journal)) && wasRight
      files.save(state)
      const already = wasSo && JSON.stringify(state) === JSON.stringify(before)
      return { state, already, notes: notes(request, host) }
    } catch (error) {
      await retreat(place, before, journal)
      throw error
    }
  })
}

/** Returns whether the decapsulator, if one is wanted, already had these options. */
async function apply(request: StartRequest, place: Place, journal: Journal): Promise<boolean> {
  const { host, state } = place
  for (const name of request.interfaces) if (link(host, name) === undefined) throw noSuchInterface(name)
  keepSilent(journal, request.interfaces)
  loopbackUp(journal)
  for (const vip of request.vips) {
    state.vips[vip] = { tunnel: request.tunnel || state.vips[vip]?.tunnel === true }
    if (!holders(host, vip).includes('lo')) journal.address('lo', vip)
  }
  const tunnelled = tunnelledVips(state)
  if (tunnelled.length === 0) return true
  state.way ??= !request.userspace && hasKernelTunnel(journal) ? 'kernel' : 'userspace'
  if (state.way === 'kernel') {
    if (request.userspace) throw new Error(`the kernel's ${KERNEL_DEVICE} opens the tunnels already: stop it first`)
    if (!hasKernelTunnel(journal)) throw new Error(`${KERNEL_DEVICE} is gone, and cannot be made again`)
    openKernelTunnel(journal, tunnelled)
    return true
  }
  return decapsulate(place, decapsulatorOptions(request, host, state))
}

/** Merges what is asked for now with what was before: interfaces add up, except those that are gone. */
function decapsulatorOptions(request: StartRequest, host: Host, state: State): DecapsulatorOptions {
  const running = state.decapsulator?.options
  const still = running?.interfaces.filter(name => link(host, name) !== undefined) ?? []
  const known = [...new Set([...still, ...request.interfaces])]
  const interfaces = known.length > 0 ? known : host.interfaces()
  if (interfaces.length === 0)
    throw new Error('no Ethernet interface is up and has an IPv4 address: name one by --interface')
  const guePort = request.guePort ?? running?.guePort ?? GUE_PORT
  const decap = request.decap ?? (running ? (running.decap ?? 'device') : 'auto')
  return {
    interfaces,
    vips: tunnelledVips(state),
    guePort,
    device: USERSPACE_DEVICE,
    ...(decap !== 'device' && { decap }),
  }
}

/** Restores the state before a start that failed. */
async function retreat(place: Place, before: State, journal: Journal): Promise<void> {
  const { state, files } = place
  journal.undo((_, i) => i >= before.changes.length)
  state.vips = before.vips
  if (before.way) state.way = before.way
  else delete state.way
  await decapsulate(place, before.decapsulator?.options).catch(() => {}) // it was dead, or the next `start` says why
  files.save(state)
}

function notes({ vips }: StartRequest, host: Host): string[] {
  return vips.flatMap(vip =>
    holders(host, vip)
      .filter(device => !['lo', KERNEL_DEVICE, USERSPACE_DEVICE].includes(device))
      .map(device => `warning: ${vip} is on ${device} too, where this host answers ARP for it: remove it there`),
  )
}
