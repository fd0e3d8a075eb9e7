import t from 'tap'
import { formatIpv4, parseIpv4, parseMac } from '../../src/wire/addr.js'
import { ARP_LEN, ArpOp, ArpView } from '../../src/wire/arp.js'
import { arp, placed, type ArpOptions } from '../support/frames.js'

const ASKED: ArpOptions = {
  operation: 'request',
  senderMac: '02:00:00:00:01:10',
  senderAddr: '10.99.1.10',
  targetAddr: '203.0.113.254',
}
const ANSWERED: ArpOptions = {
  operation: 'reply',
  senderMac: 'fe:dc:ba:98:76:54',
  senderAddr: '203.0.113.254',
  targetMac: '02:00:00:00:01:10',
  targetAddr: '10.99.1.10',
}

function viewOf(frame: Uint8Array): ArpView {
  const { slab, at } = placed(frame)
  return new ArpView().wrap(slab.view, at + 14)
}

t.test('the fields are those of the frame', async t => {
  const request = viewOf(arp(ASKED))
  t.equal(request.operation, ArpOp.REQUEST)
  t.strictSame({ hi: request.senderMacHi, lo: request.senderMacLo }, { hi: 0x0200, lo: 0x00000110 })
  t.equal(formatIpv4(request.senderAddr), '10.99.1.10')
  t.equal(request.targetAddr, parseIpv4('203.0.113.254'), 'signed, as addresses are')
  const reply = viewOf(arp(ANSWERED))
  t.equal(reply.operation, ArpOp.REPLY)
  t.strictSame({ hi: reply.senderMacHi, lo: reply.senderMacLo }, { hi: 0xfedc, lo: 0xba987654 })
  t.equal(reply.senderAddr, parseIpv4('203.0.113.254'))
  t.equal(formatIpv4(reply.targetAddr), '10.99.1.10')
})

t.test('what it builds is the frame, and nothing beside it is touched', async t => {
  for (const options of [ASKED, ANSWERED]) {
    const expected = placed(arp(options))
    const blank = arp(options)
    blank.fill(0xa5, 14)
    const { slab, at } = placed(blank)
    new ArpView()
      .wrap(slab.view, at + 14)
      .build(
        options.operation === 'request' ? ArpOp.REQUEST : ArpOp.REPLY,
        parseMac(options.senderMac)!,
        parseIpv4(options.senderAddr)!,
        parseMac(options.targetMac ?? '00:00:00:00:00:00')!,
        parseIpv4(options.targetAddr)!,
      )
    t.strictSame(slab.bytes, expected.slab.bytes, options.operation)
  }
})

t.test('it is valid when 28 octets or more are there, padding and all', async t => {
  t.equal(ARP_LEN, 28)
  for (let len = 0; len < 28; len++) t.equal(viewOf(arp(ASKED)).isValid(len), false, `${len} octets`)
  for (const len of [28, 29, 46, 1500]) t.equal(viewOf(arp(ASKED)).isValid(len), true, `${len} octets`)
})

t.test('too few octets are never read', async t => {
  const octets = arp(ASKED).slice(14)
  for (let len = 0; len < 28; len++) {
    const view = new ArpView().wrap(new DataView(octets.buffer, 0, len), 0)
    t.equal(view.isValid(len), false, `${len} octets`)
  }
})

t.test('only ARP for IPv4 over Ethernet is valid: each octet of its four fixed fields counts', async t => {
  for (let at = 0; at < 6; at++) {
    const frame = arp(ASKED)
    frame[14 + at]! ^= 0x40
    t.equal(viewOf(frame).isValid(28), false, `octet ${at} changed`)
  }
  const frame = arp(ASKED)
  frame[14 + 7] = 9
  t.equal(viewOf(frame).isValid(28), true, 'the operation is not asked for here')
})
