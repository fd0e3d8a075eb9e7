import t from 'tap'
import type { Way } from '../../src/ebpf/attachment.js'
import { removeLeftovers } from '../../src/ebpf/clsact.js'
import { DECAP_PLACE } from '../../src/ebpf/program-decap.js'
import { interfaceInfo } from '../../src/linux/interface.js'
import { ClsactHook, filtersAt, qdiscAtIngress, type FoundFilter } from '../../src/linux/rtnetlink/traffic-control.js'
import { RIP, VIP, DIP, tunnelFrame, KINDS, type Kind } from '../ebpf/decap-frames.js'
import { ownNetworkWithTap } from '../linux/own-network.js'
import {
  concat,
  icmp4,
  ip4,
  packet4,
  packetOf,
  partialHeader,
  tcp4,
  udp4,
  virtioHeader,
  type VirtioOptions,
} from '../support/frames.js'
import { DecapWire, type Sent } from './decap-wire.js'

/*
 * Tunnels on a wire, as test runs cannot have them: checksums left to the device, frames that are cut into segments later, whose headers
 * are not at hand, of a VLAN. What the program hands over is what the decapsulator does.
 */

const skip = ownNetworkWithTap()
const LEFT: Kind[] = ['gre, checksum', 'gue, checksum', 'gue, extensions']
const FLOW = `203.0.113.7:40000 > ${VIP}:80`
const [TCPV4, UDP_L4, ECN] = [1, 5, 0x80]
const [TCP_CHECK, UDP_CHECK] = [16, 6]

/** The first have no room for the checksum that is left to them; the kernel waits for the rest of a fragment; a VLAN has its own interface. */
const NOTHING = [
  'gue, extensions, UDP, 0 octets: drop-offload',
  'gue, extensions, UDP, 1 octets: drop-offload',
  'ipip, an outer fragment: nothing',
  'ipip, of a VLAN: nothing',
]

interface LiveFrame extends Sent {
  readonly what: string
  readonly isLeft: boolean
}

function* framesTo(mac: string): Generator<LiveFrame> {
  const eth = { eth: `02:00:00:00:01:10 > ${mac}` }
  const make = (
    kind: Kind,
    what: string,
    inner: Uint8Array,
    offload: VirtioOptions = {},
    isLeft = false,
  ): LiveFrame => {
    const frame = tunnelFrame(kind, inner, eth)
    const csumStart = frame.length - inner.length + 20
    const header = virtioHeader(offload.needsCsum ? { csumStart, ...offload } : offload)
    return { what: `${kind}, ${what}`, frame, header, isLeft: isLeft || LEFT.includes(kind) }
  }
  const ofTcp = { needsCsum: true, csumOffset: TCP_CHECK }
  const ofUdp = { needsCsum: true, csumOffset: UDP_CHECK }
  for (const kind of KINDS) {
    for (const payload of [0, 1, 1300, 5000]) {
      yield make(kind, `TCP, ${payload} octets`, packetOf(tcp4(FLOW, { flags: 'A', payload })))
      yield make(kind, `UDP, ${payload} octets`, packetOf(udp4(FLOW, { payload })))
      if (LEFT.includes(kind)) continue
      yield make(kind, `TCP, ${payload}, partial`, packetOf(tcp4(FLOW, { flags: 'A', payload, partial: true })), ofTcp)
      yield make(kind, `UDP, ${payload}, partial`, packetOf(udp4(FLOW, { payload, partial: true })), ofUdp)
    }
    yield make(kind, 'ICMP', packetOf(icmp4(`203.0.113.7 > ${VIP}`, { type: 8, payload: 30 })))
    yield make(kind, 'a fragment', packet4(`203.0.113.7 > ${VIP}`, 17, new Uint8Array(64), { mf: true, df: false }))
    if (LEFT.includes(kind)) continue
    yield* segmentsTo(kind, eth)
  }
  const small = make('ipip', 'padded', packetOf(udp4(FLOW, { payload: 1 })))
  yield { ...small, frame: concat(small.frame, new Uint8Array(30)) }
  const first = make('ipip', 'an outer fragment', packetOf(udp4(FLOW, { payload: 100 })), {}, true)
  yield {
    ...first,
    comes: false,
    frame: ip4(`${DIP} > ${RIP}`, 4, first.frame.slice(34), { ...eth, mf: true, df: false, id: 77 }),
  }
  const tagged = make('ipip', 'of a VLAN', packetOf(udp4(FLOW, { payload: 100 })), {}, true)
  const { frame } = tagged
  yield { ...tagged, comes: false, frame: concat(frame.slice(0, 12), Uint8Array.of(0x81, 0, 0, 7), frame.slice(12)) }
}

/** Frames of GSO, which get into their tunnels on the way. */
function* segmentsTo(kind: Kind, eth: { eth: string }): Generator<LiveFrame> {
  const make = (what: string, frame: Uint8Array, offload: VirtioOptions, isLeft: boolean): LiveFrame => {
    const whole = tunnelFrame(kind, packetOf(frame), eth)
    const outer = whole.slice(14, whole.length - packetOf(frame).length)
    return { what: `${kind}, ${what}`, frame, header: partialHeader(frame, offload), isLeft, outer }
  }
  for (const [payload, gsoSize, hdrLen] of [
    [4100, 1000, 200],
    [9000, 1200, 14],
    [60_000, 1400, 60],
  ] as const) {
    const segments = tcp4(FLOW, { ...eth, flags: 'A', payload, partial: true })
    const gso = { gsoType: TCPV4, gsoSize, hdrLen }
    yield make(`segments of ${gsoSize}`, segments, gso, false)
    yield make(`segments of ${gsoSize}, ECN`, segments, { ...gso, gsoType: TCPV4 | ECN }, false)
    const datagrams = udp4(FLOW, { ...eth, payload, partial: true })
    yield make(`datagrams of ${gsoSize}`, datagrams, { ...gso, gsoType: UDP_L4 }, true)
    yield make(`segments of ${gsoSize}, padded`, concat(segments, new Uint8Array(17)), gso, true)
  }
}

/** Takes away what a process that is killed would leave. Returns the filters and the qdisc that are there then. */
function left(wire: DecapWire, way: Way): [FoundFilter[], string | undefined] {
  const { index } = interfaceInfo('in')
  if (way === 'clsact') removeLeftovers(index, DECAP_PLACE.clsact)
  else wire.detach()
  return [filtersAt(index, ClsactHook.INGRESS), qdiscAtIngress(index)]
}

for (const way of ['tcx', 'clsact'] as const)
  t.test(`the program hands over what the decapsulator does: ${way}`, { skip, timeout: 120_000 }, async t => {
    const wire = new DecapWire()
    t.teardown(() => wire.close())
    const frames = [...framesTo(wire.mac)]
    const expected = frames.map(each => wire.send(each))
    wire.attach(way)
    let taken = 0
    for (const [i, each] of frames.entries()) {
      const { what, isLeft } = each
      const { out, byRing } = wire.send(each)
      if (!byRing && !isLeft) taken++
      const isRight = out === expected[i]!.out && byRing === (isLeft && out !== 'nothing')
      if (!isRight) t.strictSame({ out, byRing }, { out: expected[i]!.out, byRing: isLeft }, what)
    }
    const nothing = expected.flatMap(({ out }, i) => (/^(nothing|drop-)/.test(out) ? `${frames[i]!.what}: ${out}` : []))
    t.strictSame(nothing, NOTHING)
    const { ipip, gre, gue } = wire.program.counts()
    t.equal(ipip + gre + gue, taken)
    t.ok(taken > 130, `${taken} of ${frames.length} were taken`)
    t.strictSame(left(wire, way), [[], undefined], 'nothing is left, as by a process that is killed')
    t.match(wire.send(frames[0]!), { out: expected[0]!.out, byRing: true }, 'no longer there')
  })
