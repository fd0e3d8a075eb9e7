import t from 'tap'
import { formatMac, parseMac } from '../../src/wire/addr.js'
import { BROADCAST, ETHERNET_LEN, EtherType, EthernetView } from '../../src/wire/ethernet.js'
import { ethernet, placed, unhex } from '../support/frames.js'

const PAYLOAD = unhex('0102030405')

t.test('the fields are those of the frame', async t => {
  const { slab, at } = placed(ethernet(0x0806, PAYLOAD, { eth: '02:00:00:00:00:01 > fe:dc:ba:98:76:54' }))
  const view = new EthernetView().wrap(slab.view, at)
  t.equal(view.type, EtherType.ARP)
  t.equal(formatMac({ hi: view.dstHi, lo: view.dstLo }), 'fe:dc:ba:98:76:54')
})

t.test('the types are the assigned ones', async t => {
  t.strictSame(EtherType, { IPV4: 0x0800, ARP: 0x0806, IPV6: 0x86dd })
  t.equal(ETHERNET_LEN, 14)
  t.equal(formatMac(BROADCAST), 'ff:ff:ff:ff:ff:ff')
})

t.test('a header rewritten is the frame so built, and nothing beside it is touched', async t => {
  const { slab, at } = placed(ethernet(0x0806, PAYLOAD))
  const view = new EthernetView().wrap(slab.view, at)
  view.setDst(parseMac('fe:dc:ba:98:76:54')!)
  t.strictSame(
    slab.bytes,
    placed(ethernet(0x0806, PAYLOAD, { eth: '02:00:00:00:00:01 > fe:dc:ba:98:76:54' })).slab.bytes,
    'the destination alone',
  )
  view.setSrc(parseMac('ff:00:80:00:7f:01')!)
  view.type = EtherType.IPV6
  t.strictSame(
    slab.bytes,
    placed(ethernet(0x86dd, PAYLOAD, { eth: 'ff:00:80:00:7f:01 > fe:dc:ba:98:76:54' })).slab.bytes,
    'source and type too',
  )
})

t.test('it is to a MAC when all six octets are equal', async t => {
  const mac = parseMac('82:01:83:02:84:03')!
  const frame = ethernet(0x0800, PAYLOAD, { eth: '02:00:00:00:00:01 > 82:01:83:02:84:03' })
  const { slab, at } = placed(frame)
  const view = new EthernetView().wrap(slab.view, at)
  t.equal(view.isTo(mac), true)
  for (let octet = 0; octet < 6; octet++) {
    slab.bytes[at + octet]! ^= 0x80
    t.equal(view.isTo(mac), false, `octet ${octet} differs`)
    slab.bytes[at + octet]! ^= 0x80
  }
})

t.test('broadcast and multicast are told by the group bit alone', async t => {
  const cases: [string, boolean][] = [
    ['ff:ff:ff:ff:ff:ff', true],
    ['01:00:5e:00:00:01', true],
    ['33:33:00:00:00:01', true],
    ['02:00:00:00:00:01', false],
    ['fe:ff:ff:ff:ff:ff', false],
    ['00:01:01:01:01:01', false],
  ]
  for (const [mac, group] of cases) {
    const { slab, at } = placed(ethernet(0x0800, PAYLOAD, { eth: `02:00:00:00:00:01 > ${mac}` }))
    t.equal(new EthernetView().wrap(slab.view, at).isGroup, group, mac)
  }
})
