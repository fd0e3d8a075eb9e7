import type { Control, Reply } from '../protocol/api.js'
import { HttpRefusal } from './answers.js'

/** What the director was started with and what it stands on, which those know who started it. No secrets. */
export interface Given {
  /** Its command line, an option each. */
  options: string[]
  interfaces: GivenInterface[]
  /** Own addresses, routes and neighbours that the options give. */
  addresses: string[]
  routes: string[]
  neighbours: string[]
  /** What was changed of those since, as requests of the control socket; the last ones. */
  changes: string[]
  /** What the kernel holds on the same interfaces; only beside the kernel. */
  kernel?: KernelHolds
  keepalived?: KeepalivedRead
}
export interface GivenInterface {
  name: string
  kind: 'raw' | 'tap' | 'libpcap'
  isBesideKernel: boolean
  mac: string
  mtu: number
}
export interface KernelHolds {
  addresses: string[]
  routes: string[]
  neighbours: string[]
  /** How many more routes there are. */
  moreRoutes: number
  moreNeighbours: number
}
export interface KeepalivedRead {
  /** The file named, then those that it includes; passwords left out. */
  files: { name: string; text: string }[]
  warnings: string[]
}

export interface Settings extends Partial<Given> {
  timeouts: Value<'timeouts'>
  sysctls: Value<'sysctls'>
}
type Value<O extends 'timeouts' | 'sysctls'> = Extract<Reply<O>, { ok: true }>['value']

export async function readSettings(control: Control, given?: () => Given): Promise<Settings> {
  const [timeouts, sysctls] = await Promise.all([control.call({ op: 'timeouts' }), control.call({ op: 'sysctls' })])
  if (!timeouts.ok) throw new HttpRefusal(503, timeouts.message)
  if (!sysctls.ok) throw new HttpRefusal(503, sysctls.message)
  return { ...given?.(), timeouts: timeouts.value, sysctls: sysctls.value }
}
