import t from 'tap'
import { SystemError } from '../../src/linux/libc.js'
import { Steering } from '../../src/ebpf/steering.js'
import { Kind, WorkerChoice, type LocalKinds } from '../../src/ebpf/worker-choice.js'
import { parseCidr, maskOf, parseIpv4, type Ipv4Addr } from '../../src/wire/addr.js'
import { concat, ethernet, tcp4 } from '../support/frames.js'
import { randomFrame, randomFrom } from './random-frames.js'
import { runProgram } from '../io/run-program.js'

const isRoot = process.getuid?.() === 0
const skip = isRoot ? false : 'not root'

const ADDRESSES = [
  '10.0.0.1',
  '10.0.0.2',
  '10.0.0.3',
  '10.7.0.9',
  '10.7.0.10',
  '203.0.113.7',
  '203.0.113.8',
  '192.168.4.4',
]

function tell(who: LocalKinds): void {
  who.setLocal(parseIpv4('10.0.0.1')!, Kind.OWN)
  who.setLocal(parseIpv4('10.0.0.2')!, Kind.LOCAL)
  who.setLocal(parseIpv4('10.0.0.3')!, Kind.OWN | Kind.LOCAL)
  who.setLocal(parseIpv4('10.7.0.10')!, Kind.LOCAL)
  who.addBlock(parseCidr('10.7.0.0/16')!)
}

/** The IPv4 packet in a frame, as the twin is given it. */
function chosen(choice: WorkerChoice, frame: Uint8Array): number {
  return choice.of(new DataView(frame.buffer, frame.byteOffset), 14, frame.length - 14)
}

t.test('the kernel steers every frame as the twin does', { skip }, async t => {
  for (const rules of [
    { workers: 2, mask: maskOf(32), seed: 0 },
    { workers: 3, mask: maskOf(24), seed: 0xdeadbeef },
    { workers: 64, mask: maskOf(32), seed: -5 },
  ]) {
    const steering = new Steering(rules)
    const choice = new WorkerChoice(rules)
    tell(steering)
    tell(choice)
    const random = randomFrom(rules.workers)
    const workers = new Set<number>()
    let differing = 0
    for (let i = 0; i < 20_000; i++) {
      const frame = randomFrame(random, ADDRESSES)
      const expected = chosen(choice, frame)
      // The kernel makes no frames whose IPv4 header is cut off.
      const inFanout = frame.length < 34 ? expected : runProgram(steering.fanoutFd, frame).answer
      // There the kernel has the program begin at the Ethernet header; in a test run it is at what follows another one.
      const behindTap = runProgram(steering.tapFd, ethernet(0x0800, frame)).answer
      workers.add(expected)
      if (inFanout === expected && behindTap === expected) continue
      if (++differing === 1)
        t.fail(`of ${rules.workers}: ${inFanout}, ${behindTap}, not ${expected}`, {
          frame: Buffer.from(frame).toString('hex'),
        })
    }
    t.equal(differing, 0, `of ${rules.workers}`)
    t.ok(workers.size > Math.min(rules.workers, 8) / 2, `${workers.size} workers have frames`)
    steering.close()
  }
})

t.test('what is said of addresses holds until it is said otherwise', { skip }, async t => {
  const rules = { workers: 64, mask: maskOf(32), seed: 1 }
  const steering = new Steering(rules)
  const choice = new WorkerChoice(rules)
  const frame = tcp4('203.0.113.7:1024 > 10.7.0.10:40001')
  const both = (): number => {
    const worker = runProgram(steering.fanoutFd, frame).answer
    t.equal(worker, chosen(choice, frame))
    return worker
  }
  const say = (what: (who: LocalKinds) => void): number => {
    what(steering)
    what(choice)
    return both()
  }
  const addr = parseIpv4('10.7.0.10')!
  const block = parseCidr('10.7.0.0/16')!
  const byDestination = both()
  const bySource = say(who => who.setLocal(addr, Kind.OWN))
  t.not(bySource, byDestination)
  t.equal(
    say(who => who.setLocal(addr, Kind.LOCAL)),
    40_001 % 64,
  )
  t.equal(
    say(who => who.remove(addr)),
    byDestination,
  )
  t.equal(
    say(who => who.addBlock(block)),
    bySource,
  )
  t.equal(
    say(who => who.addBlock(block)),
    bySource,
  )
  t.equal(
    say(who => who.setLocal(addr, Kind.LOCAL)),
    40_001 % 64,
    'a single address before its block',
  )
  t.equal(
    say(who => who.remove(addr)),
    bySource,
  )
  t.equal(
    say(who => who.removeBlock(block)),
    bySource,
    'added twice',
  )
  t.equal(
    say(who => who.removeBlock(block)),
    byDestination,
  )
  t.equal(
    say(who => who.removeBlock(block)),
    byDestination,
    'none is left',
  )
  steering.close()
})

t.test('behind a TAP device: what is not IPv4, or too short for it, is worker 0’s', { skip }, async t => {
  const steering = new Steering({ workers: 64, mask: maskOf(32), seed: 1 })
  const frame = tcp4('203.0.113.7:1024 > 10.7.0.10:40001')
  // A test run gives the program what follows an Ethernet header.
  const behindTap = (inner: Uint8Array): number => runProgram(steering.tapFd, ethernet(0x0800, inner)).answer
  t.not(behindTap(frame), 0)
  t.not(behindTap(frame.slice(0, 14 + 20)), 0)
  t.equal(behindTap(frame.slice(0, 14 + 19)), 0)
  t.equal(behindTap(concat(frame.slice(0, 12), Uint8Array.of(0x08, 0x06), frame.slice(14))), 0)
  steering.close()
})

t.test('a kernel that is full says so in a line', { skip }, async t => {
  const steering = new Steering({ workers: 2, mask: maskOf(32), seed: 1 })
  t.throws(
    () => {
      for (let addr = 0; addr <= 65_536; addr++) steering.setLocal(addr as Ipv4Addr, Kind.OWN)
    },
    new SystemError('telling the kernel an address', 7),
  )
  steering.close()
  t.throws(() => steering.addBlock(parseCidr('10.7.0.0/16')!), {
    message: 'telling the kernel a block of addresses: bad file descriptor (EBADF)',
  })
})
