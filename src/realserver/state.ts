import type { ProcessId } from '../linux/process-id.js'
import type { DecapsulatorOptions } from './decapsulator.js'
import type { Change } from './journal.js'

/** A decapsulator that was started, and what it was told. */
export interface Running {
  options: DecapsulatorOptions
  process: ProcessId
}

/** What this namespace's real server is. */
export interface State {
  /** The namespace's number for good; the inode of the file's name may be given again. */
  cookie?: string | undefined
  /** VIP → whether tunnels are opened for it. */
  vips: Record<string, { tunnel: boolean }>
  /** How tunnels are opened. */
  way?: 'kernel' | 'userspace'
  changes: Change[]
  decapsulator?: Running
}

/** The VIPs that tunnels are opened for. */
export function tunnelledVips(state: State): string[] {
  return Object.entries(state.vips).flatMap(([vip, { tunnel }]) => (tunnel ? [vip] : []))
}
