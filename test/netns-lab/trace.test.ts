import t from 'tap'
import { pathLines } from '../../native-free/lab-path.js'
import type { CapturedFrame } from '../../netns-lab/capture.js'
import { hopsOf, Links } from '../../netns-lab/trace.js'

const [CLIENT, DIRECTOR, SERVER] = ['02:00:00:00:00:0c', '02:00:00:00:00:0d', '02:00:00:00:00:0e']
const SYN = 2
const ACK = 16
const TUNNEL = 7

const links = new Links()
links.add(CLIENT, { space: 'client', interface: 'eth0' }, 2)
links.add(DIRECTOR, { space: 'director', interface: 'lan' }, 2)
links.add(SERVER, { space: 'rs1', interface: 'eth0' }, 2)
links.add('', { space: 'rs1', interface: 'tun0' }, TUNNEL)

const octetsOf = (text: string, base: number, mark: RegExp): number[] => text.split(mark).map(it => parseInt(it, base))

function ip(src: string, dst: string, protocol: number, body: Buffer): Buffer {
  const header = Buffer.alloc(20)
  header[0] = 0x45
  header.writeUInt16BE(20 + body.length, 2)
  header[8] = 64
  header[9] = protocol
  header.set(octetsOf(src, 10, /\./), 12)
  header.set(octetsOf(dst, 10, /\./), 16)
  return Buffer.concat([header, body])
}

function tcp(sport: number, dport: number, flags: number, payload = ''): Buffer {
  const header = Buffer.alloc(20)
  header.writeUInt16BE(sport, 0)
  header.writeUInt16BE(dport, 2)
  header[12] = 0x50
  header[13] = flags
  return Buffer.concat([header, Buffer.from(payload)])
}

const ethernet = (src: string, dst: string, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([...octetsOf(dst, 16, /:/), ...octetsOf(src, 16, /:/), 8, 0]), body])

let clock = 1_000_000_000_000_000_000n
const came = (space: string, octets: Buffer, over: Partial<CapturedFrame> = {}): CapturedFrame => {
  clock += 5000n
  return { space, ifindex: 2, at: clock, ethernet: true, octets, ...over }
}

const inbound = (payload = ''): Buffer => {
  return ip('10.0.0.1', '10.0.0.9', 6, tcp(4000, 80, payload ? ACK : SYN, payload))
}
const answer = (payload: string): Buffer => ip('10.0.0.9', '10.0.0.1', 6, tcp(80, 4000, ACK, payload))

t.test('a request through a tunnel and its answer past the director', async t => {
  const frames = [
    came('director', ethernet(CLIENT, DIRECTOR, inbound('GET'))),
    came('rs1', ethernet(CLIENT, DIRECTOR, inbound('GET'))), // flooded by a bridge, not for it
    came('rs1', ethernet(DIRECTOR, SERVER, ip('10.0.0.5', '10.0.0.6', 4, inbound('GET')))),
    came('rs1', inbound('GET'), { ifindex: TUNNEL, ethernet: false }),
    came('client', ethernet(SERVER, CLIENT, answer(''))), // an acknowledgement
    came('client', ethernet(SERVER, CLIENT, answer('200'))),
    came('client', ethernet(SERVER, CLIENT, answer('more'))),
    came('director', ethernet(CLIENT, DIRECTOR, inbound())),
    came('client', ethernet(SERVER, CLIENT, ip('10.0.0.9', '10.0.0.1', 6, tcp(81, 4000, ACK, 'else')))),
  ]
  const hops = hopsOf(frames, links, { port: 80 })
  t.strictSame(
    hops.map(hop => [hop.what, hop.from.space, hop.to.space, hop.to.interface, hop.payload, hop.microseconds]),
    [
      ['syn', 'client', 'director', 'lan', 0, 35],
      ['request', 'client', 'director', 'lan', 3, 0],
      ['request', 'director', 'rs1', 'eth0', 3, 10],
      ['request', 'rs1', 'rs1', 'tun0', 3, 15],
      ['reply', 'rs1', 'client', 'eth0', 3, 25],
    ],
  )
  const lines = pathLines(hops)
  t.equal(lines.length, 8)
  t.match(lines[0], /^the SYN:$/)
  t.match(lines[2], /^the request, 3 octets:$/)
  t.match(lines[3], /^ {2}client eth0 → director lan +02:\S+c → 02:\S+d +10\.0\.0\.1:4000 → 10\.0\.0\.9:80 +TTL 64$/)
  t.match(
    lines[4],
    /10\.0\.0\.5 → 10\.0\.0\.6 protocol 4 \[10\.0\.0\.1:4000 → 10\.0\.0\.9:80\] +TTL 64 \[64\] +wrapped$/,
  )
  t.match(lines[5], /^ {2}rs1 → rs1 tun0 +no Ethernet .* unwrapped$/)
  t.match(lines[7], /^ {2}rs1 eth0 → client eth0 .* 10\.0\.0\.9:80 → 10\.0\.0\.1:4000 +TTL 64$/)
})
