import { MemoryDevice } from './memory-device.js'

/** Wires two named devices. */
export type Cable = (one: string, other: string) => [MemoryDevice, MemoryDevice]

export interface CableOptions {
  /** Slots that hold any GSO frame, for hosts with `offload`. Default: false. */
  offload?: boolean
  /** Octets of an IP packet. Default 1500. */
  mtu?: number
}

/**
 * Makes cables: two linked devices each, with MAC addresses numbered from 02:00:00:00:00:01. `cable('director', 'client')` returns the
 * two ends, in that order.
 */
export function cables({ offload = false, mtu = 1500 }: CableOptions = {}): Cable {
  let made = 0
  const slotSize = offload ? 66 * 1024 : Math.max(2048, mtu + 128)
  const end = (name: string) => new MemoryDevice({ name, mac: { hi: 0x0200, lo: ++made }, slotSize, mtu })
  return (one, other) => {
    const ends: [MemoryDevice, MemoryDevice] = [end(one), end(other)]
    MemoryDevice.link(...ends)
    return ends
  }
}
