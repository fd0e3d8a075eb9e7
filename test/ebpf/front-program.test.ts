import * as fc from '../support/properties.js'
import t from 'tap'
import { Mark } from '../../src/ebpf/front-program.js'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { FrontChoice } from '../../src/packet/front-choice.js'
import { AddressKind, type Front, type FrontMode } from '../../src/packet/front.js'
import { maskOf, parseCidr, parseIpv4, type Cidr, type Ipv4Addr } from '../../src/wire/addr.js'
import { ethernet, hex, tcp4 } from '../support/frames.js'
import { FRONT_CASES, tellAll } from '../support/front-cases.js'
import { runProgram } from '../io/run-program.js'
import { randomFrame, randomFrom } from './random-frames.js'

/* The program that the kernel runs decides as its model in JavaScript does, whatever is said to both and whatever comes in. */

const skip = process.getuid?.() === 0 ? false : 'not root'

const ADDRESSES = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.7.0.9', '10.7.0.10', '203.0.113.7', '192.168.4.4']
const BLOCKS = ['10.7.0.0/16', '10.0.0.0/31', '0.0.0.0/0'].map(text => parseCidr(text)!)
/** Of random-frames.ts, and any. */
const PORTS = [0, 1, 53, 80, 5536, 40_000]
const FRAMES_A_RUN = 500
/** The kernel makes no frames of IPv4 that are shorter. */
const SHORTEST = 34
const NEXT = -1

type Place = [protocol: number, addr: Ipv4Addr, port: number]
interface Said {
  kinds: [Ipv4Addr, number][]
  blocks: [Cidr, number][]
  services: Place[]
  servers: Place[]
  /** By place: what is said and then taken back. */
  forgotten: number
}

const addr = fc.constantFrom(...ADDRESSES.map(text => parseIpv4(text)!))
const place = fc.tuple(fc.constantFrom(6, 17, 132), addr, fc.constantFrom(...PORTS))
const said: fc.Arbitrary<Said> = fc.record<Said>({
  kinds: fc.array(fc.tuple(addr, fc.oneof(fc.constantFrom(1, 2, 4, 8, 10, 16, 32, 34, 42), fc.nat(63))), {
    maxLength: 10,
  }),
  blocks: fc
    .tuple(fc.boolean(), fc.array(fc.tuple(fc.constantFrom(...BLOCKS), fc.constantFrom(1, 4)), { maxLength: 3 }))
    .map(([has, blocks]) => (has ? blocks : [])),
  services: fc.array(place, { maxLength: 30 }),
  servers: fc.array(place, { maxLength: 30 }),
  forgotten: fc.nat(5),
})

function tell(front: Front, { kinds, blocks, services, servers, forgotten }: Said): void {
  for (const [addr, kind] of kinds) front.setKinds(addr, kind)
  for (const [cidr, kind] of blocks) front.addBlock(cidr, kind)
  for (const each of services) front.setService(...each, true)
  for (const each of servers) front.setServer(...each, true)
  for (const [addr] of kinds.slice(0, Math.max(0, forgotten - 3))) front.setKinds(addr, 0)
  for (const [cidr] of blocks.slice(0, Math.max(0, forgotten - 3))) front.removeBlock(cidr)
  for (const each of services.slice(0, forgotten)) front.setService(...each, false)
  for (const each of servers.slice(0, forgotten)) front.setServer(...each, false)
}

/** For the interface that the kernel makes test runs on. */
function toThisHost(frame: Uint8Array): Uint8Array {
  frame.fill(0, 0, 6)
  return frame
}

/** Whether the program takes a frame. Throws if it does anything else but leave it. */
function isTaken(fd: number, frame: Uint8Array): boolean {
  const { answer, mark } = runProgram(fd, frame, { mark: 7 })
  if (answer !== NEXT || (mark !== 7 && mark !== Mark.TAKEN)) throw new Error(`returned ${answer}, mark ${mark}`)
  return mark === Mark.TAKEN
}

/** Says the same to program and model; throws if they differ on any of many frames. Returns how many are left and taken. */
function compare(mode: FrontMode, what: Said, seed: number): [left: number, taken: number] {
  const front = new ProgramFront({ synBudget: { perSecond: 100_000_000, seed } }) // which nobody meets
  const counts: [number, number] = [0, 0]
  try {
    const choice = new FrontChoice(mode)
    for (const each of [front, choice]) tell(each, what)
    const random = randomFrom(seed)
    for (let i = 0; i < FRAMES_A_RUN; i++) {
      const frame = toThisHost(randomFrame(random, ADDRESSES))
      if (frame.length < SHORTEST) continue
      const expected = choice.takes(new DataView(frame.buffer, frame.byteOffset), 14, frame.length - 14)
      if (isTaken(front.programFd(mode), frame) !== expected)
        throw new Error(`${expected ? 'not ' : ''}taken, the ${i}th: ${hex(frame)}`)
      counts[Number(expected)]!++
    }
  } finally {
    front.close()
  }
  return counts
}

for (const mode of ['beside', 'exclusive'] as const)
  t.test(`the kernel takes what the model takes: ${mode}`, { skip }, async t => {
    let [left, taken] = [0, 0]
    const holds = (what: Said, seed: number): void => {
      const counts = compare(mode, what, seed)
      left += counts[0]
      taken += counts[1]
    }
    fc.assert(fc.property(said, fc.integer(), holds), { numRuns: 80, interruptAfterTimeLimit: 15_000 })
    t.ok(Math.min(left, taken) > 100, `${taken} taken, ${left} left`)
  })

t.test('the cases that the model is tried with', { skip }, async t => {
  const front = new ProgramFront()
  tellAll(front)
  for (const [what, frame, taken] of FRONT_CASES)
    t.equal(isTaken(front.programFd('beside'), toThisHost(frame.slice())), taken, what)
  front.close()
})

t.test('what was given back is left, and its mark taken off', { skip }, async t => {
  const front = new ProgramFront()
  front.setKinds(parseIpv4('10.0.0.1')!, AddressKind.OWN)
  const frame = toThisHost(tcp4('203.0.113.7:1024 > 10.0.0.1:80'))
  const arp = toThisHost(ethernet(0x0806, new Uint8Array(28)))
  for (const mode of ['beside', 'exclusive'] as const) {
    const fd = front.programFd(mode)
    const run = (frame: Uint8Array, mark: number): number[] => {
      const { answer, mark: after } = runProgram(fd, frame, { mark })
      return [answer, after]
    }
    t.strictSame(run(frame, 0), [NEXT, Mark.TAKEN])
    t.strictSame(run(frame, Mark.RETURNED), [NEXT, 0])
    t.strictSame(run(arp, 5), [NEXT, 5], 'ARP')
    t.strictSame(run(arp, Mark.RETURNED), [NEXT, 0])
  }
  front.close()
})

t.test('beside the kernel nothing is taken that is for another host or for all', { skip }, async t => {
  const front = new ProgramFront()
  front.setKinds(parseIpv4('10.0.0.1')!, AddressKind.OWN)
  for (const mac of ['02:00:00:00:00:01', 'ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:01']) {
    const frame = tcp4('203.0.113.7:1024 > 10.0.0.1:80', { eth: `02:00:00:00:00:0a > ${mac}` })
    t.notOk(isTaken(front.programFd('beside'), frame), mac)
    t.ok(isTaken(front.programFd('exclusive'), frame), mac)
  }
  front.close()
})

t.test('a kernel that is full says so in a line; what is said again takes no room', { skip }, async t => {
  const front = new ProgramFront()
  const one = parseIpv4('10.0.0.1')!
  for (let i = 0; i < 3; i++) front.setService(6, one, 80, true)
  t.throws(
    () => {
      for (let i = 0; i <= 131_072; i++) front.setKinds(i as Ipv4Addr, AddressKind.OWN)
    },
    { message: "the front's 131072 addresses: no space left on device (ENOSPC)" },
  )
  t.throws(
    () => {
      for (let i = 0; i <= 4096; i++)
        front.addBlock({ addr: (i << 8) as Ipv4Addr, mask: maskOf(24), prefix: 24 }, AddressKind.OWN)
    },
    { message: "the front's 4096 blocks of addresses: no space left on device (ENOSPC)" },
  )
  front.setKinds(5 as Ipv4Addr, 0)
  front.setKinds(one, AddressKind.OWN)
  front.close()
  t.throws(() => front.setService(6, one, 80, true), {
    message: "the front's services: bad file descriptor (EBADF)",
  })
})
