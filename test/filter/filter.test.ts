import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readFilter } from '../../src/filter/filter.js'
import { FrameFacts } from '../../src/filter/frame-facts.js'
import { Answer } from '../../src/filter/primitives.js'
import { FilterError } from '../../src/filter/words.js'
import { arp, tcp4, udp4 } from '../support/frames.js'
import { pcapOf } from '../support/pcap.js'
import { randomFrom } from '../support/random.js'
import { RandomFilters } from './random-filter.js'

const facts = new FrameFacts()
function takes(filter: string, frame: Uint8Array): boolean {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  return readFilter(filter)(facts.read(view, 0, frame.length)) === Answer.YES
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
  const random = new RandomFilters(randomFrom(seed))
  const frames = Array.from({ length: 400 }, (_, id) => random.frame(id))
  const file = join(t.testdir({}), 'frames.pcap')
  writeFileSync(file, pcapOf(frames))
  for (let i = 0; i < 120; i++) {
    const filter = random.expression(3)
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
