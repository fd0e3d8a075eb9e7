import t from 'tap'
import type { CapturedFrame } from '../../../netns-lab/capture.js'
import { KernelTraffic } from '../../../netns-lab/beside/kernel-traffic.js'
import { arp, icmp4, packetOf, tcp4 } from '../../support/frames.js'

const [DIP, VIP, ROUTER, CLIENT] = ['192.168.159.34', '192.168.159.100', '192.168.159.1', '10.0.0.10']
const MAC = '02:00:00:00:00:34'
const ASKER = '02:00:00:00:00:01'
const TO_CLIENT = `${DIP}:22 > ${CLIENT}:40000`

const at = (space: string, octets: Uint8Array): CapturedFrame => {
  return { space, ifindex: 2, at: 0n, ethernet: true, octets: Buffer.from(octets) }
}
const request = (targetAddr: string): Uint8Array =>
  arp({ operation: 'request', senderMac: ASKER, senderAddr: ROUTER, targetAddr })
const reply = (senderMac: string, senderAddr: string): Uint8Array =>
  arp({ operation: 'reply', senderMac, senderAddr, targetMac: ASKER, targetAddr: ROUTER })

/** A session, and an address asked for, as they should be. */
const good = (): CapturedFrame[] => [
  at('director', request(VIP)),
  at('router', reply(MAC, VIP)),
  at('director', tcp4(`${CLIENT}:40000 > ${DIP}:22`, { flags: 'S', seq: 1, id: 7 })),
  at('client', tcp4(TO_CLIENT, { flags: 'SA', seq: 100, ack: 2, id: 0 })),
  at('client', tcp4(TO_CLIENT, { flags: 'PA', seq: 101, ack: 2, id: 8, payload: '0\n' })),
  // Sent again by its host: another identification.
  at('client', tcp4(TO_CLIENT, { flags: 'PA', seq: 101, ack: 2, id: 9, payload: '0\n' })),
]

/** Lines of what does not hold, after these besides. */
function failed(more: readonly CapturedFrame[], lost = 0): string[] {
  const traffic = new KernelTraffic({ addresses: [DIP, VIP], mac: MAC, askers: new Map([['router', ROUTER]]) })
  traffic.add([...good(), ...more])
  return traffic.checks(lost).flatMap(({ name, holds, detail }) => (holds ? [] : [`${name}: ${detail}`]))
}

t.test('what is as it should be', async t => {
  t.strictSame(failed([]), [])
  t.strictSame(
    failed([at('rs1', reply(MAC, '192.168.159.11')), at('rs1', reply(ASKER, '192.168.159.12'))]),
    [],
    'others’ ARP',
  )
})

t.test('each fault is found', async t => {
  const quoted = packetOf(tcp4(`${CLIENT}:40000 > ${DIP}:22`, { flags: 'A' })).subarray(0, 28)
  const cases: [string, CapturedFrame[], RegExp][] = [
    [
      'a packet twice',
      [at('client', tcp4(TO_CLIENT, { flags: 'PA', seq: 101, ack: 2, id: 8, payload: '0\n' }))],
      /twice, sequence 101/,
    ],
    [
      'twice, by another way',
      [at('client', tcp4(TO_CLIENT, { flags: 'PA', seq: 101, ack: 2, id: 8, payload: '0\n', ttl: 9 }))],
      /sent twice: .* twice, seq/,
    ],
    [
      'given back',
      [at('director', tcp4(`${CLIENT}:40000 > ${DIP}:22`, { flags: 'S', seq: 1, id: 7 }))],
      /seen by director/,
    ],
    [
      'two answers to a SYN',
      [at('client', tcp4(TO_CLIENT, { flags: 'SA', seq: 777, ack: 2 }))],
      /two answers to a SYN/,
    ],
    ['RST', [at('client', tcp4(TO_CLIENT, { flags: 'R', seq: 5 }))], /RST 192.168.159.34:22 → .* seen by client/],
    [
      'ICMP',
      [at('client', icmp4(`${DIP} > ${CLIENT}`, { type: 3, code: 3, payload: quoted }))],
      /ICMP error 3, code 3/,
    ],
    ['two replies', [at('router', reply(MAC, VIP))], /one mouth: 1 requests .* 2 replies/],
    [
      'another mouth',
      [at('router', reply('02:00:00:00:00:99', VIP))],
      /02:00:00:00:00:99 says that it is 192.168.159.100/,
    ],
  ]
  for (const [what, frames, found] of cases) {
    const lines = failed(frames)
    t.equal(lines.length, 1, what)
    t.match(lines[0], found, what)
  }
  t.match(failed([], 3), [/the capture lost 3/])
})

t.test('nothing seen proves nothing', async t => {
  const none = new KernelTraffic({ addresses: [DIP], mac: MAC, askers: new Map() }).checks(0)
  t.strictSame(
    none.map(({ holds }) => holds),
    [false, true, false],
  )
  t.strictSame(
    failed([at('client', icmp4(`${DIP} > ${CLIENT}`, { type: 0, payload: 40 })), at('client', Uint8Array.of(1))]),
    [],
  )
})
