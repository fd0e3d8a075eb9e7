import type { Protocol, ServiceKey } from '../../../control/protocol/api.ts'

/* A search of the connection table as a line: 'client 10.0.0.7:40000 tcp ESTABLISHED'. */

/** The fields of POST /api/connections. */
export interface ConnectionSearch {
  caddr?: string
  cport?: number
  vaddr?: string
  vport?: number
  daddr?: string
  dport?: number
  protocol?: Protocol | 'ip'
  state?: string
}

const PROTOCOLS: readonly string[] = ['tcp', 'udp', 'sctp', 'ip']
const SIDES = { client: ['caddr', 'cport'], vip: ['vaddr', 'vport'], server: ['daddr', 'dport'] } as const
type Side = keyof typeof SIDES

/** Or the word that is not understood. An address without a side is a client's: that is what one looks for most. */
export function parseSearch(text: string): { search: ConnectionSearch } | { odd: string } {
  const search: ConnectionSearch = {}
  let side: Side = 'client'
  for (const word of text.split(/\s+/).filter(part => part !== '')) {
    const name = word.toLowerCase()
    const place = /^(\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?)?(?::(\d{1,5}))?$/.exec(word)
    if (Object.hasOwn(SIDES, name)) {
      side = name as Side
    } else if (PROTOCOLS.includes(name)) search.protocol = name as Protocol
    else if (place) {
      const [address, port] = SIDES[side]
      if (place[1]) search[address] = place[1]
      if (place[2]) search[port] = Number(place[2])
      side = 'client'
    } else if (/^[A-Za-z][A-Za-z_-]*$/.test(word)) search.state = word.toUpperCase()
    else return { odd: word }
  }
  return { search }
}

/** The search for a service's connections; '': those of a mark have none. */
export function serviceSearch(service: ServiceKey): string {
  return 'mark' in service || service.address.includes(':')
    ? ''
    : `vip ${service.address}:${service.port} ${service.protocol}`
}
