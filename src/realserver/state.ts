import type { ProcessId } from '../linux/process-id.js'
import type { DecapsulatorOptions } from './decapsulator.js'
import type { Change } from './journal.js'

/** A decapsulator's process and its options. */
export interface Running {
  options: DecapsulatorOptions
  process: ProcessId
}

/** The state of this namespace's real server. */
export interface State {
  /** The namespace's unique number; an inode, as in the file's name, may be reused. */
  cookie?: string | undefined
  /** VIP → whether tunnels are opened for it. */
  vips: Record<string, { tunnel: boolean }>
  /** Who opens tunnels: the kernel's ipip device or our decapsulator. */
  way?: 'kernel' | 'userspace'
  changes: Change[]
  decapsulator?: Running
}

/** The VIPs that tunnels are opened for. */
export function tunnelledVips(state: State): string[] {
  return Object.entries(state.vips).flatMap(([vip, { tunnel }]) => (tunnel ? [vip] : []))
}
