import t from 'tap'
import { ArpSender } from '../../src/neigh/arp-sender.js'
import { Routes } from '../../src/neigh/routes.js'
import { slabOver } from '../../src/packet/frame.js'
import type { Link } from '../../src/packet/link.js'
import { Scratch, SCRATCH_OCTETS } from '../../src/packet/scratch.js'
import { parseCidr, parseIpv4, parseMac } from '../../src/wire/addr.js'
import { arp, concat, virtioHeader } from '../support/frames.js'

const MAC = '02:00:00:00:01:01'
const link: Link = { index: 0, name: 'c', mac: parseMac(MAC)!, mtu: 1500, isBeside: false, claims: true }
const other: Link = { ...link, index: 1, name: 'r' }

function sender(...addresses: string[]): { arp: ArpSender; sent(): Uint8Array[] } {
  const slab = slabOver(new ArrayBuffer(SCRATCH_OCTETS))
  slab.bytes.fill(0xa5)
  const routes = new Routes()
  for (const text of addresses) routes.addAddress({ ...parseCidr(text)!, link })
  const places: [at: number, len: number][] = []
  const egress = { transmit: (_: Link, __: unknown, at: number, len: number) => places.push([at, len]) > 0 }
  return {
    arp: new ArpSender(egress, new Scratch(slab), routes),
    sent: () => places.splice(0).map(([at, len]) => slab.bytes.slice(at - 10, at + len)),
  }
}
const whole = (options: Parameters<typeof arp>[0]): Uint8Array => concat(virtioHeader(), arp(options))

t.test('a request is broadcast, or sent to who last had the address', async t => {
  const { arp, sent } = sender('10.99.1.1/24')
  const question = { operation: 'request', senderMac: MAC, senderAddr: '10.99.1.1', targetAddr: '10.99.1.7' } as const
  arp.request(link, parseIpv4('10.99.1.7')!, parseMac('ff:ff:ff:ff:ff:ff')!)
  arp.request(link, parseIpv4('10.99.1.7')!, parseMac('02:00:00:00:01:07')!)
  t.strictSame(sent(), [whole(question), whole({ ...question, eth: `${MAC} > 02:00:00:00:01:07` })])
})

t.test('a request names the sender by the address in the neighbour’s network', async t => {
  const { arp, sent } = sender('192.0.2.1/24', '10.99.1.1/24', '10.99.0.1/16')
  for (const [target, senderAddr] of [
    ['10.99.1.7', '10.99.1.1'],
    ['192.0.2.9', '192.0.2.1'],
    ['203.0.113.1', '192.0.2.1'],
  ] as const) {
    arp.request(link, parseIpv4(target)!, parseMac('ff:ff:ff:ff:ff:ff')!)
    t.strictSame(sent(), [whole({ operation: 'request', senderMac: MAC, senderAddr, targetAddr: target })], target)
  }
})

t.test('on a link without an address a request comes from another one of ours', async t => {
  const { arp, sent } = sender('10.99.1.1/24')
  arp.request(other, parseIpv4('10.99.1.7')!, parseMac('ff:ff:ff:ff:ff:ff')!)
  t.strictSame(sent(), [
    whole({ operation: 'request', senderMac: MAC, senderAddr: '10.99.1.1', targetAddr: '10.99.1.7' }),
  ])
})

t.test('an announcement is a request for the address by its owner', async t => {
  const { arp, sent } = sender('10.99.1.1/24')
  arp.announce(link, parseIpv4('10.99.1.100')!)
  t.strictSame(sent(), [
    whole({ operation: 'request', senderMac: MAC, senderAddr: '10.99.1.100', targetAddr: '10.99.1.100' }),
  ])
})

t.test('frames of one turn each have a place of their own', async t => {
  const { arp: to, sent } = sender('10.99.1.1/24')
  const addresses = Array.from({ length: 1024 }, (_, i) => `10.98.${i >> 8}.${i & 255}`)
  for (const address of addresses) to.announce(link, parseIpv4(address)!)
  const expected = addresses.map(senderAddr =>
    whole({ operation: 'request', senderMac: MAC, senderAddr, targetAddr: senderAddr }),
  )
  t.strictSame(sent(), expected)
})
