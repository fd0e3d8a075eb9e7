import type { FieldInfo } from '../../protocol/explain.js'

/** 'TCP 10.0.0.7:40000 > 10.0.1.100:80 S, ttl 64, 60 octets'; of what is no IPv4 packet its type. */
export function packetLine(fields: readonly FieldInfo[], len: number): string {
  const of = new Map(fields)
  const type = of.get('eth.type')
  if (type === undefined) return `${len} octets, no Ethernet frame`
  const octets = `${len} octets`
  const [src, dst] = [of.get('ip.src'), of.get('ip.dst')]
  if (src === undefined || dst === undefined) return `${type === '0x0806' ? 'ARP' : `type ${type}`}, ${octets}`
  const ttl = `ttl ${of.get('ip.ttl')}`
  const piece = of.has('ip.fragment') ? [`fragment ${of.get('ip.fragment')}`] : []
  for (const name of ['tcp', 'udp', 'sctp']) {
    const port = of.get(`${name}.srcport`)
    if (port === undefined) continue
    const flags = name === 'tcp' && of.has('tcp.flags') ? ` ${of.get('tcp.flags') || 'no flags'}` : ''
    const flow = `${src}:${port} > ${dst}:${of.get(`${name}.dstport`)}`
    return [`${name.toUpperCase()} ${flow}${flags}`, ...piece, ttl, octets].join(', ')
  }
  const icmp = of.get('icmp.type')
  const kind = icmp === undefined ? `protocol ${of.get('ip.protocol')}` : `ICMP ${icmp}/${of.get('icmp.code')}`
  return [`${kind} ${src} > ${dst}`, ...piece, ttl, octets].join(', ')
}
