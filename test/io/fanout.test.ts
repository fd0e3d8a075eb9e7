import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { SystemError } from '../../src/linux/libc.js'
import { RawDevice } from '../../src/io/raw-device.js'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { Steering } from '../../src/ebpf/steering.js'
import { Kind, WorkerChoice } from '../../src/ebpf/worker-choice.js'
import { maskOf, parseIpv4 } from '../../src/wire/addr.js'
import { arp, concat, hex, tcp4 } from '../support/frames.js'
import { heard, send } from './exchange.js'
import { ip, ownNetwork, veth } from '../linux/own-network.js'

const skip = ownNetwork()
const RULES = { workers: 2, mask: maskOf(32), seed: 7 }
const [VIP, LIP] = ['10.0.0.100', '10.0.1.200']

const openFiles = (): number => readdirSync('/proc/self/fd').length

/** Both directions of connections of many clients: NAT’s, and FULLNAT’s by ports of one worker or the other. */
function traffic(): Uint8Array[] {
  const frames: Uint8Array[] = []
  for (let i = 1; i < 60; i++) {
    frames.push(tcp4(`203.0.113.${i}:4000 > ${VIP}:80`, { payload: i }))
    frames.push(tcp4(`10.0.1.10:80 > 203.0.113.${i}:4000`, { payload: i * 20 }))
    frames.push(tcp4(`10.0.1.10:80 > ${LIP}:${5536 + i}`))
  }
  // Larger than a slot of the ring.
  for (const i of [1, 2, 3, 4]) frames.push(tcp4(`203.0.113.${i}:4001 > ${VIP}:80`, { payload: 5000, flags: 'A' }))
  return frames
}

interface Group {
  readonly sender: RawDevice
  readonly devices: readonly RawDevice[]
  readonly choice: WorkerChoice
}

/** Two workers' devices on vb, and who sends to them from va. */
function group(t: Pick<typeof import('tap').t, 'teardown'>, isFronted = true): Group {
  veth('va', 'vb')
  for (const name of ['va', 'vb']) ip(`link set ${name} mtu 9000`)
  const steering = new Steering(RULES)
  const choice = new WorkerChoice(RULES)
  for (const who of [steering, choice]) {
    who.setLocal(parseIpv4(VIP)!, Kind.OWN)
    who.setLocal(parseIpv4(LIP)!, Kind.LOCAL)
  }
  const sender = new RawDevice('va')
  const fronts = isFronted ? new ProgramFront() : undefined
  const front = fronts && ({ mode: 'exclusive', programFd: fronts.programFd('exclusive') } as const)
  const first = new RawDevice('vb', { sharing: { programFd: steering.fanoutFd }, front })
  const second = new RawDevice('vb', { sharing: { programFd: steering.fanoutFd, group: first.group }, front })
  const devices = [first, second]
  // The group holds the program, as the interface does the front's, and programs their maps.
  steering.close()
  fronts?.close()
  t.teardown(() => {
    for (const device of [...devices, sender]) device.close()
    ip('link del va')
  })
  return { sender, devices, choice }
}

function expected(choice: WorkerChoice, frames: readonly Uint8Array[]): string[][] {
  const of = (frame: Uint8Array): number => choice.of(new DataView(frame.buffer), 14, frame.length - 14)
  return [0, 1].map(worker => frames.filter(frame => of(frame) === worker).map(hex))
}

const CASES: [string, boolean][] = [
  ['kept from the kernel', true],
  ['where the kernel sees them too', false],
]
for (const [name, isFronted] of CASES)
  t.test(`frames come to one ring each, of a connection to the same; ${name}`, { skip }, async t => {
    const { sender, devices, choice } = group(t, isFronted)
    const frames = traffic()
    const [first, second] = expected(choice, frames)
    t.ok(first!.length > 40 && second!.length > 40, `${first!.length} and ${second!.length}`)
    for (const frame of frames) send(sender, frame)
    sender.flush()
    const got = heard(devices)
    t.strictSame(
      got.map(each => each.length),
      [first!.length, second!.length],
    )
    // Those that the ring has no slot for may be overtaken.
    t.strictSame(
      got.map(each => each.toSorted()),
      [first!.toSorted(), second!.toSorted()],
    )
    t.strictSame(
      devices.map(({ dropped }) => dropped),
      [0, 0],
    )
  })

t.test('ARP is heard by all', { skip }, async t => {
  const { sender, devices } = group(t)
  const frame = arp({ operation: 'request', senderMac: '02:00:00:00:00:0a', senderAddr: '10.0.0.9', targetAddr: VIP })
  let frames = 0
  send(sender, frame)
  sender.flush()
  // It is looked for every 32nd turn.
  for (let turn = 0; turn < 64; turn++) for (const device of devices) frames += device.receive({ frame: () => {} }, 256)
  t.equal(frames, 2)
})

t.test('a VLAN’s frames are nobody’s', { skip }, async t => {
  const { sender, devices } = group(t)
  for (let i = 1; i < 30; i++) {
    const frame = tcp4(`203.0.113.${i}:4000 > ${VIP}:80`)
    send(sender, concat(frame.slice(0, 12), Uint8Array.of(0x81, 0x00, 0x00, 0x05), frame.slice(12)))
  }
  sender.flush()
  t.strictSame(heard(devices), [[], []])
})

t.test('a ring that joins hears nothing that others are for', { skip }, async t => {
  const { devices } = group(t)
  const frame = tcp4(`203.0.113.1:4000 > ${VIP}:80`)
  const state = new Int32Array(new SharedArrayBuffer(4))
  const sender = new Worker(new URL('send-forever.js', import.meta.url), { workerData: { name: 'va', frame, state } })
  while (Atomics.load(state, 0) === 0) await new Promise(resolve => setTimeout(resolve, 5))
  const heardOf = (): number => {
    // The program knows of two workers: a third ring is for no frame.
    const third = new RawDevice('vb', { sharing: { programFd: -1, group: devices[0]!.group } })
    const frames = third.receive({ frame: () => {} }, 256)
    third.close()
    return frames
  }
  t.strictSame(
    Array.from({ length: 50 }, heardOf),
    Array.from({ length: 50 }, () => 0),
  )
  t.ok(
    devices.some(device => device.receive({ frame: () => {} }, 256) > 0),
    'the others do',
  )
  Atomics.store(state, 0, 2)
  await once(sender, 'exit')
})

t.test('what a ring that is closed was for comes to the others', { skip }, async t => {
  const { sender, devices } = group(t)
  const steering = new Steering(RULES)
  const first = new RawDevice('vb', { sharing: { programFd: steering.fanoutFd } })
  const second = new RawDevice('vb', { sharing: { programFd: steering.fanoutFd, group: first.group } })
  steering.close()
  first.close()
  const frames = traffic()
  for (const frame of frames) send(sender, frame)
  sender.flush()
  const got = heard([second, ...devices]).map(each => each.length)
  second.close()
  t.strictSame(got[0], frames.length)
  t.equal(got[1]! + got[2]!, frames.length, 'another group hears all as well')
})

t.test('what cannot be shared leaves no socket behind', { skip }, async t => {
  const { devices } = group(t)
  const before = openFiles()
  const wrong = { ...devices[0]!.group!, id: devices[0]!.group!.id & 0xffff }
  t.throws(() => new RawDevice('vb', { sharing: { programFd: -1, group: wrong } }), SystemError)
  t.throws(() => new RawDevice('vb', { sharing: { programFd: -1 } }), {
    message: 'packet socket option 22: bad file descriptor (EBADF)',
  })
  t.equal(openFiles(), before)
})
