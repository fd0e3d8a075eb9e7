import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readFilter } from '../../src/filter/filter.js'
import { FrameFacts } from '../../src/filter/frame-facts.js'
import { FilterError } from '../../src/filter/words.js'
import { arp, icmp4, tcp4, udp4 } from '../support/frames.js'
import { pcapOf } from '../support/pcap.js'
import { randomFrom } from '../support/random.js'

const facts = new FrameFacts()
function takes(filter: string, frame: Uint8Array): boolean {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  return readFilter(filter)(facts.read(view, 0, frame.length))
}

t.test('what is taken', async t => {
  const syn = tcp4('10.0.0.7:40000 > 10.0.1.100:80', { flags: 'S' })
  for (const filter of [
    '',
    'tcp',
    'ip and tcp',
    'host 10.0.0.7',
    '10.0.0.7',
    'src 10.0.0.7 and dst host 10.0.1.100',
    'tcp dst port 80',
    'port 443 or 80',
    'not udp',
    'net 10.0.0.0/8 and ! icmp',
    'src net 10.0.0 and dst net 10.0.1',
    'dst portrange 79-81',
    'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn',
    'tcp[13] == 2',
    '(udp or tcp) and (port 80)',
    'src or dst port 80',
    'greater 40 && less 1500',
    'ip proto 6',
  ])
    t.ok(takes(filter, syn), filter)
  for (const filter of [
    'udp',
    'arp',
    'host 10.0.0.8',
    'src port 80',
    'src and dst port 80',
    'less 40',
    'tcp[13] & 16 != 0',
  ])
    t.notOk(takes(filter, syn), filter)
  const asked = arp({
    operation: 'request',
    senderMac: '02:00:00:00:01:77',
    senderAddr: '10.0.0.7',
    targetAddr: '10.0.0.1',
  })
  t.ok(takes('arp', asked))
  t.notOk(takes('ip or port 0', asked))
  const piece = udp4('10.0.0.7:53 > 10.0.0.1:53', { fragment: 2 })
  t.notOk(takes('port 53', piece), 'a later piece has no ports')
  for (let len = 0; len < syn.length; len++) takes('tcp[13] == 2 or port 80', syn.slice(0, len))
})

t.test('a filter that cannot be read names the word', async t => {
  const refused: [string, string][] = [
    ['prot 80', "'prot': a protocol, host, net, port or an IPv4 address is expected"],
    ['port http', "'http': a port, 0 to 65535, is expected"],
    ['port 65536', "'65536': a port, 0 to 65535, is expected"],
    ['tcp port', 'the filter ends where a port, 0 to 65535, is expected'],
    ['(tcp', "the filter ends where ')' is expected"],
    ['tcp)', "')': and, or, or the filter's end is expected"],
    ['tcp udp', "'udp': and, or, or the filter's end is expected"],
    ['net 10.0.0.1/8', '10.0.0.1 has bits outside its netmask 255.0.0.0'],
    ['tcp[0] == 1', "'tcp[0]': of TCP's octets only the flags, tcp[tcpflags], may be asked for"],
    ['tcp[13] & 2', 'the filter ends where a comparison is expected'],
    ['tcp[tcpflags] == tcp-sin', "'tcp-sin': a flag, such as tcp-syn, or a number up to 255 is expected"],
    ['portrange 80', "'80': two ports such as 8000-8100 are expected after portrange"],
    ['host a|b', "'a': an IPv4 address after host is expected"],
    ['tcp |', "'|': and, or, or the filter's end is expected"],
    ['not', 'the filter ends where a protocol, host, net, port or an IPv4 address is expected'],
    [`${'('.repeat(100)}tcp`, 'more than 64 parentheses, one in the other'],
  ]
  for (const [filter, message] of refused) t.throws(() => readFilter(filter), new FilterError(message), filter)
})

const TCPDUMP = spawnSync('tcpdump', ['--version']).status === 0

/** -O: libpcap 1.10's optimizer loses frames of some of these filters. */
t.test('frames are taken as by tcpdump', { skip: TCPDUMP ? false : 'tcpdump is missing' }, async t => {
  const seed = Number(process.env['UVS_SEED'] ?? 20_261_130)
  const random = randomFrom(seed)
  const below = (most: number): number => Math.floor(random() * most)
  const one = <T>(of: readonly T[]): T => of[below(of.length)]!
  const addresses = ['10.0.0.7', '10.0.1.100', '192.168.1.1', '10.1.0.7']
  const ports = [53, 80, 443, 40_000]
  const frames = Array.from({ length: 400 }, (_, id) => {
    const [src, dst] = [one(addresses), one(addresses)]
    const options = { id, ...(below(8) === 0 && { fragment: 1 }), payload: below(40) }
    const flow = `${src}:${one(ports)} > ${dst}:${one(ports)}`
    const kind = below(4)
    if (kind === 0) return icmp4(`${src} > ${dst}`, { type: 8, ...options })
    if (kind === 1) return udp4(flow, options)
    return tcp4(flow, { ...options, flags: one(['S', 'SA', 'A', 'FA', 'R', 'PA', 'SFRPAUEC']) })
  })
  const file = join(t.testdir({}), 'frames.pcap')
  writeFileSync(file, pcapOf(frames))
  const primitive = (): string =>
    one([
      () => one(['tcp', 'udp', 'icmp', 'ip', 'ip proto 17', 'arp']),
      () => `${one(['', 'src ', 'dst ', 'src or dst ', 'src and dst '])}host ${one(addresses)}`,
      () =>
        `${one(['src ', 'dst ', ''])}net ${one(['10.0.0.0/8', '10.0', '10.1.0.0/16', '192.168.1.0 mask 255.255.255.0'])}`,
      () => `${one(['', 'tcp ', 'udp '])}${one(['', 'src ', 'dst '])}port ${one(ports)}`,
      () => `port ${one(ports)} or ${one(ports)}`,
      () => `${one(['', 'src ', 'dst '])}portrange 50-100`,
      () => `${one(['less', 'greater'])} ${40 + below(50)}`,
      () =>
        `tcp[tcpflags] & (${one(['tcp-syn', 'tcp-syn|tcp-ack', 'tcp-fin|tcp-rst'])}) ${one(['!= 0', '== tcp-syn', '== 0'])}`,
    ])()
  const expression = (depth: number): string => {
    const text = depth === 0 || below(3) === 0 ? primitive() : `(${expression(depth - 1)})`
    const negated = below(5) === 0 ? `not ${/^port \d+ or/.test(text) ? `(${text})` : text}` : text
    return below(2) === 0 || depth === 0
      ? negated
      : `${negated} ${one(['and', 'or', '&&', '||'])} ${expression(depth - 1)}`
  }
  for (let i = 0; i < 120; i++) {
    const filter = expression(3)
    const { status, stdout, stderr } = spawnSync('tcpdump', ['-O', '-r', file, '-w', '-', filter], {
      maxBuffer: 2 ** 22,
    })
    if (status !== 0 && /rejects all packets/.test(String(stderr))) continue
    t.equal(status, 0, `${filter}: ${String(stderr)}`)
    const ours = frames.flatMap((frame, id) => (takes(filter, frame) ? [id] : []))
    t.strictSame(ours, idsOf(stdout), `seed ${seed}: ${filter}`)
  }
})

/** The identifications of the packets of a capture. */
function idsOf(pcap: Buffer): number[] {
  const ids: number[] = []
  for (let at = 24; at < pcap.length; at += 16 + pcap.readUInt32LE(at + 8)) ids.push(pcap.readUInt16BE(at + 16 + 18))
  return ids
}
