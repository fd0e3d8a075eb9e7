import type { ConnectionInfo } from '../../../control/protocol/api.ts'
import { endpoint, parseEndpoint } from './service-name.ts'

/** A connection's client and virtual service, as they stand in the page's address: 'tcp/10.0.0.7:40000/10.0.0.100:80'. Port 0 of the client: any. */
export interface Flow {
  protocol: string
  client: { address: string; port: number }
  vip: { address: string; port: number }
}

export function flowOf({ protocol, caddr, cport, vaddr, vport }: ConnectionInfo): string {
  return `${protocol}/${endpoint({ address: caddr, port: cport })}/${endpoint({ address: vaddr, port: vport })}`
}

/** Of a connection that has ended no packet will come: what is watched is its client. */
export function watchedFlowOf(row: ConnectionInfo): string {
  return ENDED.includes(row.state) ? flowOf({ ...row, cport: 0 }) : flowOf(row)
}
const ENDED = ['TIME_WAIT', 'CLOSE', 'LAST_ACK', 'SHUTDOWN_ACK_SENT', 'CLOSED']

export function parseFlow(text: string): Flow | undefined {
  const [protocol = '', client = '', vip = '', ...rest] = text.split('/')
  const [from, to] = [parseEndpoint(client), parseEndpoint(vip)]
  if (!['tcp', 'udp', 'sctp'].includes(protocol) || !from || !to || rest.length > 0) return undefined
  return { protocol, client: from, vip: to }
}

/** Its packets both ways, as docs/explain.md has filters: the client's address and port stand in both but for FULLNAT's answers. */
export function filterOf({ protocol, client }: Flow): string {
  const of = `${protocol} and host ${client.address}`
  return client.port === 0 ? of : `${of} and port ${client.port}`
}

/** Whether a packet, by its line, is from the client or to it; an error of ICMP about the connection is neither. */
export function wayOf(packet: string, { address, port }: Flow['client']): 'from' | 'to' | undefined {
  const [, source = '', destination = ''] = /^\S+ (\S+) > (\S+)/.exec(packet) ?? []
  const isClient = (text: string): boolean =>
    port === 0 ? text.startsWith(`${address}:`) : text === `${address}:${port}`
  if (isClient(source)) return 'from'
  return isClient(destination) ? 'to' : undefined
}
