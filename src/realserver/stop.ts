import { messageOf } from '../linux/error-text.js'
import type { Host } from './host.js'
import { Journal } from './journal.js'
import { tunnelledVips } from './state.js'
import type { StateFile } from './state-file.js'
import { decapsulate } from './userspace-tunnel.js'

export interface Stopped {
  stopped: string[]
  /** VIPs that this host is no real server of. */
  unknown: string[]
  /** Changes that could not be undone, a line each. */
  complaints: string[]
}

/** Undoes all changes made for these VIPs, or for every VIP; with the last VIP, all changes. */
export function stopRealServer(vips: readonly string[] | undefined, host: Host, files: StateFile): Promise<Stopped> {
  return files.alone(async () => {
    const state = files.load()
    const place = { host, files, state }
    const journal = new Journal(host, state.changes, () => files.save(state))
    const asked = vips ?? Object.keys(state.vips)
    const stopped = asked.filter(vip => Object.hasOwn(state.vips, vip))
    const unknown = asked.filter(vip => !Object.hasOwn(state.vips, vip))
    const left = Object.keys(state.vips).filter(vip => !stopped.includes(vip))
    // Also when a start was cut off before it noted a VIP: then there are changes that belong to no VIP.
    const isLast = left.length === 0
    const complaints: string[] = []
    for (const vip of stopped) delete state.vips[vip]
    try {
      const running = state.decapsulator?.options
      const tunnelled = tunnelledVips(state)
      await decapsulate(place, running && tunnelled.length > 0 ? { ...running, vips: tunnelled } : undefined)
    } catch (error) {
      complaints.push(messageOf(error))
    }
    complaints.push(...journal.undo(change => isLast || (change.what === 'address' && stopped.includes(change.vip))))
    if (tunnelledVips(state).length === 0) delete state.way
    files.save(state)
    return { stopped, unknown, complaints }
  })
}
