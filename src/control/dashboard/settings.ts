import type { Answer, Control, NetworkInfo, OperationName, Operations, Request } from '../protocol/api.js'
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
  keepalived?: KeepalivedRead
}
export interface GivenInterface {
  name: string
  kind: 'raw' | 'tap' | 'libpcap'
  isBesideKernel: boolean
  mac: string
  mtu: number
}
export interface KeepalivedRead {
  /** The file named, then those that it includes; passwords left out. */
  files: { name: string; text: string }[]
  warnings: string[]
}

export interface Settings extends Partial<Given> {
  /** What it has now, beside the kernel also what it follows there. */
  network: NetworkInfo
  timeouts: Value<'timeouts'>
  sysctls: Value<'sysctls'>
}
type Value<O extends OperationName> = Operations[O]['value']

export async function readSettings(control: Control, given?: () => Given): Promise<Settings> {
  const ask = async <O extends OperationName>(request: Request<O>): Promise<Value<O>> => {
    const reply: Answer<Value<O>> = await control.call<O>(request)
    if (!reply.ok) throw new HttpRefusal(503, reply.message)
    return reply.value
  }
  const [timeouts, sysctls, network] = await Promise.all([
    ask<'timeouts'>({ op: 'timeouts' }),
    ask<'sysctls'>({ op: 'sysctls' }),
    ask<'network'>({ op: 'network' }),
  ])
  return { ...given?.(), timeouts, sysctls, network }
}
