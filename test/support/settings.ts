import type { DestinationSettingsInfo, ServiceSettingsInfo } from '../../src/control/protocol/api.js'

/** What `uvsadm -A -s SCHEDULER` asks for, and what else is said. */
export function serviceSettings(scheduler: string, more: Partial<ServiceSettingsInfo> = {}): ServiceSettingsInfo {
  return { scheduler, persistence: 0, netmask: '255.255.255.255', onePacket: false, schedFlags: 0, ...more }
}

/** What `uvsadm -a -m -w WEIGHT` asks for, and what else is said. */
export function destinationSettings(
  weight: number,
  more: Partial<DestinationSettingsInfo> = {},
): DestinationSettingsInfo {
  return { method: 'masq', weight, upperThreshold: 0, lowerThreshold: 0, ...more }
}
