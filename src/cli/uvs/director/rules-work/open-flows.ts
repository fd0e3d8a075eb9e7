import type { ClientFlow, ServerOfFlow } from '../../../../../native-free/simulate/flows-moved-frames.js'
import { HttpRefusal } from '../../../../control/dashboard/answers.js'
import { protocolNumber } from '../../../../control/operations/keys.js'
import type {
  ConnectionFilter,
  ConnectionInfo,
  Control,
  Reply,
  ServiceInfo,
  ServiceKey,
} from '../../../../control/protocol/api.js'
import { parseIpv4 } from '../../../../wire/addr.js'

/** Pages of the connection table that are read, each half a millisecond of the packets' thread: of a table of a million all, if few rows are looked for. */
const PAGES_MAX = 1024

/** The state of an open connection. */
const OPEN = { tcp: 'ESTABLISHED', udp: 'UDP' }

/** A connection that is open now, with the real server that has it. */
export type OpenFlow = ClientFlow & { at: ServerOfFlow }

/**
 * Open connections of TCP and UDP to services, `most` at most. The table has them in the order of a hash of their clients, so the first ones are a
 * fair sample. `isMeant`: the others are passed over.
 */
export async function openFlows(
  control: Control,
  services: readonly ServiceKey[],
  isMeant: (flow: OpenFlow) => boolean,
  most: number,
): Promise<{ flows: OpenFlow[]; isWhole: boolean }> {
  const flows: OpenFlow[] = []
  const where = whereOf(services)
  let from: number | null = 0
  for (let pages = 0; from !== null && pages < PAGES_MAX && flows.length < most; pages++) {
    const reply: Reply<'connections'> = await control.call({ op: 'connections', from, ...where })
    if (!reply.ok) throw new HttpRefusal(503, reply.message)
    for (const row of reply.value.rows) {
      const flow = flowOf(row)
      if (flow && isMeant(flow)) flows.push(flow)
    }
    from = reply.value.next
  }
  return { flows: flows.slice(0, most), isWhole: from === null && flows.length <= most }
}

/** How many there are by the services' own counts: TCP's active ones, all of UDP. */
export function countedOpen(services: readonly ServiceInfo[]): number {
  const counted = services.flatMap(service => {
    const isUdp = 'protocol' in service && service.protocol === 'udp'
    return service.destinations.map(({ activeConns, inactConns }) => activeConns + (isUdp ? inactConns : 0))
  })
  return counted.reduce((sum, count) => sum + count, 0)
}

/** What the connections of all of the services have in common: others need not be told of. */
function whereOf(services: readonly ServiceKey[]): ConnectionFilter {
  const keys = services.map(key => ('mark' in key ? undefined : key))
  const common = <V>(of: (key: NonNullable<(typeof keys)[number]>) => V): V | undefined => {
    const values = new Set(keys.map(key => key && of(key)))
    return values.size === 1 ? [...values][0] : undefined
  }
  const [protocol, vaddr, vport] = [common(key => key.protocol), common(key => key.address), common(key => key.port)]
  return { ...(protocol && { protocol }), ...(vaddr && { vaddr }), ...(vport && { vport }) }
}

/** undefined: it is no connection, or none that is open and can be put through. */
function flowOf(row: ConnectionInfo): OpenFlow | undefined {
  const { protocol, state, caddr, cport, vaddr, vport, daddr, dport } = row
  if (protocol !== 'tcp' && protocol !== 'udp') return undefined
  if (state !== OPEN[protocol]) return undefined
  return {
    protocol: protocolNumber(protocol),
    srcAddr: parseIpv4(caddr)!,
    srcPort: cport,
    dstAddr: parseIpv4(vaddr)!,
    dstPort: vport,
    at: { addr: parseIpv4(daddr)!, port: dport },
  }
}
