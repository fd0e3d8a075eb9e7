/* Where the fields that `uvs explain` names stand in a frame, so that the octets that changed can be shown. */

export type Span = readonly [first: number, length: number]

const ETHERNET: Readonly<Record<string, Span>> = { 'eth.dst': [0, 6], 'eth.src': [6, 6], 'eth.type': [12, 2] }
const IPV4: Readonly<Record<string, Span>> = {
  'ip.tos': [1, 1],
  'ip.length': [2, 2],
  'ip.id': [4, 2],
  'ip.df': [6, 1],
  'ip.fragment': [6, 2],
  'ip.ttl': [8, 1],
  'ip.protocol': [9, 1],
  'ip.checksum': [10, 2],
  'ip.src': [12, 4],
  'ip.dst': [16, 4],
}
const PORTS: readonly string[] = ['tcp', 'udp', 'sctp']
const TRANSPORT: Readonly<Record<string, Span>> = {
  'tcp.seq': [4, 4],
  'tcp.ack': [8, 4],
  'tcp.flags': [13, 1],
  'tcp.checksum': [16, 2],
  'udp.length': [4, 2],
  'udp.checksum': [6, 2],
  'icmp.type': [0, 1],
  'icmp.code': [1, 1],
  'icmp.checksum': [2, 2],
  'icmp.rest': [4, 4],
}
const ETHERNET_LENGTH = 14

/** The octets of an hexadecimal text. */
export function octetsOf(hex: string): number[] {
  return Array.from({ length: hex.length >> 1 }, (_, at) => Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16))
}

/** Undefined: the field is no place of its own, or not known here. */
export function spanOf(field: string, octets: readonly number[]): Span | undefined {
  const inEthernet = ETHERNET[field]
  if (inEthernet) return inEthernet
  const inIp = IPV4[field]
  if (inIp) return [ETHERNET_LENGTH + inIp[0], inIp[1]]
  const [header = '', name = ''] = field.split('.')
  const start = ETHERNET_LENGTH + ((octets[ETHERNET_LENGTH] ?? 0x45) & 15) * 4
  if (PORTS.includes(header) && (name === 'srcport' || name === 'dstport'))
    return [start + (name === 'srcport' ? 0 : 2), 2]
  const inTransport = TRANSPORT[field]
  return inTransport && [start + inTransport[0], inTransport[1]]
}

/** The field that changed at each octet, for the octets that did. */
export function changedOctets(fields: readonly string[], octets: readonly number[]): Map<number, string> {
  const changed = new Map<number, string>()
  for (const field of fields) {
    const [first, length] = spanOf(field, octets) ?? [0, 0]
    for (let at = first; at < first + length && at < octets.length; at++) changed.set(at, field)
  }
  return changed
}
