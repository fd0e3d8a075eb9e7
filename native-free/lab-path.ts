/** An interface in a namespace. */
export interface Place {
  space: string
  interface: string
}

/** The headers of a TCP packet, and of the tunnel around it, if there is one. */
export interface TcpHeaders {
  /** Absent where the device has no Ethernet. */
  macs?: { src: string; dst: string }
  /** The tunnel's IP header; `protocol` 4 is IP in IP (RFC 2003). */
  outer?: { src: string; dst: string; protocol: number; ttl: number }
  src: string
  dst: string
  sport: number
  dport: number
  ttl: number
  /** Octets of TCP payload. */
  payload: number
}

/** One hop of a packet, from host to host. Where a tunnel's end hands over the inner packet, there are no MAC addresses. */
export interface Hop extends TcpHeaders {
  what: 'syn' | 'request' | 'reply'
  /** Time since the first frame shown. */
  microseconds: number
  /** The interface's name if the MAC address identifies it; a tunnel's end has none. */
  from: Place
  to: Place
}

const TITLES = { syn: 'the SYN', request: 'the request', reply: 'the reply' }

/** The path of each packet, a line a hop. */
export function pathLines(hops: readonly Hop[]): string[] {
  const cells = hops.map((hop, i) => {
    const before = hops[i - 1]
    return [
      `${place(hop.from)} → ${place(hop.to)}`,
      hop.macs ? `${hop.macs.src} → ${hop.macs.dst}` : 'no Ethernet',
      addresses(hop),
      `TTL ${hop.outer ? `${hop.outer.ttl} [${hop.ttl}]` : hop.ttl}`,
      before?.what === hop.what ? changes(before, hop) : '',
    ]
  })
  const widths = [0, 1, 2, 3].map(column => Math.max(...cells.map(row => row[column]!.length)))
  return cells.flatMap((row, i) => {
    const { what, payload } = hops[i]!
    const line = row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
    const title = `${TITLES[what]}${payload > 0 ? `, ${payload} octets` : ''}:`
    return [...(hops[i - 1]?.what === what ? [] : [title]), `  ${line}`.trimEnd()]
  })
}

const place = ({ space, interface: name }: Place): string => (name ? `${space} ${name}` : space)

/** '192.168.10.10:40000 → 192.168.10.100:80'; after a tunnel's addresses, in brackets. */
function addresses({ outer, src, sport, dst, dport }: Hop): string {
  const inner = `${src}:${sport} → ${dst}:${dport}`
  return outer ? `${outer.src} → ${outer.dst} protocol ${outer.protocol} [${inner}]` : inner
}

/** The fields that the host between two hops changed, other than MAC addresses and TTL. */
function changes(before: Hop, after: Hop): string {
  const source = before.src !== after.src || before.sport !== after.sport
  const destination = before.dst !== after.dst || before.dport !== after.dport
  const said = [
    !before.outer && after.outer ? 'wrapped' : '',
    before.outer && !after.outer ? 'unwrapped' : '',
    source ? 'source rewritten' : '',
    destination ? 'destination rewritten' : '',
  ].filter(Boolean)
  return said.length > 0 ? said.join(', ') : 'only MACs and TTL changed'
}
