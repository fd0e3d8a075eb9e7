import t from 'tap'
import { makeFlowMaps, closeFlowMaps } from '../../src/ebpf/flow-maps.js'
import { ProgramFlows } from '../../src/ebpf/program-flows.js'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import * as slot from '../../src/packet/flow-slot.js'
import { BenchDirector, endpoint, GATEWAY_MAC, VIP } from '../support/bench-director.js'
import { hex, tcp4, udp4 } from '../support/frames.js'
import { seed } from '../support/properties.js'
import { readU16 } from '../support/octets.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'
import type { BenchFlow } from './flow-bench.js'
import { changedBits, randomFlowFrame, type TestFrame, whyUp } from './flow-frames.js'
import { randomFrom } from './random-frames.js'
import { TestRun } from './test-run.js'

/*
 * Frames of flows that go into a tunnel by IPIP, through the flow program as the keeper has told it, and through a director that sees
 * every frame.
 */

const skip = process.getuid?.() === 0 ? false : 'not root: the kernel takes no programs'
const [NEXT, REDIRECT] = [-1, 7]
const FRAMES = 100_000
const CLIENT = '203.0.113.7:40000'
const US = '00:00:00:00:00:00'
const eth = { eth: `${GATEWAY_MAC} > ${US}` }
/** The real servers' link; its MTU less a header is what fits. */
const [MTU, FITS] = [1400, 1380]
const SERVICES = [
  { protocol: 'tcp', port: 80, clientAddress: 'none' },
  { protocol: 'tcp', port: 81, clientAddress: 'toa' },
  { protocol: 'udp', port: 53, clientAddress: 'none' },
] as const

function begun(table?: ProgramFlows): BenchDirector {
  const director = new BenchDirector({
    links: [
      { name: 'c', mac: { hi: 0, lo: 0 }, mtu: 1500 },
      { name: 'r', mac: { hi: 0x0200, lo: 0x0201 }, mtu: MTU },
    ],
    ...(table ? { flows: table, offloadAfter: 0 } : { isWholePath: true }),
  })
  for (const { protocol, port, clientAddress } of SERVICES) {
    const service = { protocol, address: VIP, port }
    director.must({ op: 'add-service', service, settings: serviceSettings('rr', { clientAddress }) })
    const settings = destinationSettings(1, { method: 'tunnel' })
    director.must({ op: 'add-destination', service, destination: endpoint(`10.99.2.11:${port}`), settings })
  }
  director.poll()
  for (const { protocol, port } of SERVICES) {
    const flow = `${CLIENT} > ${VIP}:${port}`
    if (protocol === 'udp') director.receive('c', udp4(flow, eth))
    else for (const flags of ['S', 'A']) director.receive('c', tcp4(flow, { ...eth, flags }))
  }
  director.take()
  return director
}

/** The flows; of the program's, with their slots. */
const flows: BenchFlow[] = SERVICES.map(({ protocol, port, clientAddress }, i) => ({
  name: `${protocol} ${clientAddress}`,
  isTcp: protocol === 'tcp',
  flow: `${CLIENT} > ${VIP}:${port}`,
  eth,
  form: clientAddress === 'toa' ? slot.FlowForm.CHECK_OPTIONS : 0,
  slot: i + 1,
  ifindex: 1,
}))

/** Why a frame of a flow comes up from the program that the whole path wraps. Undefined: it does not. */
function whyStays(each: TestFrame, flow: BenchFlow): string | undefined {
  const { frame, gsoSize } = each
  if (gsoSize !== 0) return 'GSO' // that of a test run is of no kind, so the kernel makes no room
  if ((frame[20]! & 0x40) === 0) return 'no DF'
  if (readU16(frame, 20) & 0x3fff) return 'a fragment'
  if (frame[14] !== 0x45) return 'IP options'
  return whyUp(each, flow, FITS)
}
/** What the whole path makes of it, if that is one frame by IPIP. */
function wrapped(director: BenchDirector, { frame }: TestFrame): Uint8Array | undefined {
  const verdict = director.receive('c', frame)
  const [first, ...more] = director.take()
  return verdict === 'balanced' && first?.link === 'r' && more.length === 0 ? first.frame : undefined
}
/** Frames for whose outer header's sum comes to a limit: its carry is carried on. */
function* carrying({ slots }: ProgramFlows, flow: BenchFlow): Generator<TestFrame> {
  const constant = slots[flow.slot * slot.SLOT_WORDS + slot.ADDRESS_SUM]!
  const headers = flow.isTcp ? 40 : 28
  for (let [payload, found] = [0, 0]; payload < 1000 && found < 5; payload++)
    for (let ttl = 2; ttl < 256; ttl++) {
      const length = payload + headers + 20
      const rest = constant + ttl - 1 + ((length & 0xff) << 8) + (length >>> 8)
      const tos = Array.from({ length: 256 }, (_, tos) => tos).find(tos => ((rest + (tos << 8)) & 0xffff) === 0xffff)
      if (tos === undefined || (tos & 3) === 3 || rest + (tos << 8) === 0xffff) continue
      found++
      const options = { ...eth, payload, ttl, tos, df: true }
      const frame = flow.isTcp ? tcp4(flow.flow, { ...options, flags: 'A' }) : udp4(flow.flow, options)
      yield { frame, gsoSize: 0 }
    }
}
const isOf = ({ flow, isTcp }: BenchFlow, frame: Uint8Array): boolean => {
  const own = isTcp ? tcp4(flow, eth) : udp4(flow, eth)
  return (
    frame[23] === own[23] && hex(frame.slice(26, 38)) === hex(own.slice(26, 38)) && frame[12] === 8 && frame[13] === 0
  )
}

t.test('frames are wrapped as by the whole path, or come up for a reason', { skip, timeout: 240_000 }, async t => {
  const maps = makeFlowMaps({ capacity: 16, hops: 8 })
  const table = new ProgramFlows(maps)
  table.setLink(0, 1)
  table.setLink(1, 1)
  const offloaded = begun(table)
  t.equal(offloaded.director.flows!.figures.flows, SERVICES.length, 'all flows are entered')
  const whole = begun()
  const front = new ProgramFront({ flows: maps })
  const runs = [new TestRun(), new TestRun(true)]
  const random = randomFrom(seed)
  const counts: Record<string, number> = {}
  let carries = 0
  const check = (each: TestFrame, flow: BenchFlow, i: number): string | undefined => {
    const out = wrapped(whole, each)
    const why = out ? (whyStays(each, flow) ?? 'wrapped') : 'not wrapped'
    counts[why] = (counts[why] ?? 0) + 1
    if (!isOf(flow, each.frame)) return undefined
    const expected = why === 'wrapped' ? out! : each.frame
    const isTrimmed = out !== undefined && out.length !== each.frame.length + 20
    const run = runs[isTrimmed ? 0 : i % 2]!.run(front.programFd('exclusive'), each.frame, { gsoSize: each.gsoSize })
    const isRight = run.answer === (why === 'wrapped' ? REDIRECT : NEXT) && Buffer.compare(run.out, expected) === 0
    return isRight
      ? undefined
      : `${i} ${flow.name} ${why}, gso ${each.gsoSize}: answer ${run.answer}\nin       ${hex(each.frame)}\nout      ${hex(run.out)}\nexpected ${hex(expected)}`
  }
  const frames = function* (): Generator<[TestFrame, BenchFlow]> {
    for (const flow of flows)
      for (const each of carrying(table, flow)) {
        carries++
        yield [each, flow]
      }
    for (const flow of flows) for (const each of changedBits(flow)) yield [each, flow]
    for (let i = 0; i < FRAMES; i++) {
      const flow = flows[random(flows.length)]!
      const each = randomFlowFrame(random, flow, FITS, [])
      if (each.frame.length >= 34) yield [each, flow]
    }
  }
  let [i, wrong] = [0, undefined as string | undefined]
  for (const [each, flow] of frames()) {
    wrong = check(each, flow, i++)
    if (wrong) break
  }
  t.equal(wrong, undefined)
  t.comment(counts)
  t.ok(counts['wrapped']! > FRAMES / 10, `${counts['wrapped']} wrapped`)
  for (const why of ['GSO', 'no DF', 'options that may claim an address', 'no ACK, or FIN or RST'])
    t.ok(counts[why]! > 20, `${why}: ${counts[why]}`)
  t.ok(carries >= 5, `${carries} with carries`)
  t.equal(table.lost, 0)
  front.close()
  table.close()
  closeFlowMaps(maps)
})
