import type { DestinationSettings, ServiceSettings } from '../../src/control/protocol/api.js'

/** What `uvsadm -A -s SCHEDULER` asks for, and what else is said. */
export function serviceSettings(scheduler: string, more: Partial<ServiceSettings> = {}): ServiceSettings {
  return { scheduler, persistence: 0, netmask: '255.255.255.255', onePacket: false, schedFlags: 0, ...more }
}

/** What `uvsadm -a -m -w WEIGHT` asks for, and what else is said. */
export function destinationSettings(weight: number, more: Partial<DestinationSettings> = {}): DestinationSettings {
  return { method: 'masq', weight, upperThreshold: 0, lowerThreshold: 0, ...more }
}
