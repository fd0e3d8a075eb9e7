import { readdirSync } from 'node:fs'
import t from 'tap'
import { arpRelayEnds } from '../../src/io/arp-relay.js'
import { close } from '../../src/linux/libc.js'
import { Poller } from '../../src/linux/poller.js'
import { RawDevice } from '../../src/io/raw-device.js'
import { Steering } from '../../src/ebpf/steering.js'
import { TapDevice } from '../../src/io/tap-device.js'
import { Kind, WorkerChoice } from '../../src/ebpf/worker-choice.js'
import { maskOf, parseIpv4, parseMac } from '../../src/wire/addr.js'
import { arp, hex, icmp4, partialHeader, tcp4 } from '../support/frames.js'
import { heard, send } from './exchange.js'
import { ip, ownNetworkWithTap, silence } from '../linux/own-network.js'

const skip = ownNetworkWithTap()
const MAC = parseMac('02:00:00:00:0a:01')!
const [VIP, LIP] = ['10.0.0.100', '10.0.1.200']
const RULES = { workers: 3, mask: maskOf(32), seed: 9 }

const openFiles = (): number => readdirSync('/proc/self/fd').length

interface Queues {
  readonly devices: readonly TapDevice[]
  readonly choice: WorkerChoice
  /** What is sent by it the kernel sends by the TAP's interface. */
  readonly sender: RawDevice
}

function queues(t: Pick<typeof import('tap').t, 'teardown'>): Queues {
  const steering = new Steering(RULES)
  const choice = new WorkerChoice(RULES)
  for (const who of [steering, choice]) {
    who.setLocal(parseIpv4(VIP)!, Kind.OWN)
    who.setLocal(parseIpv4(LIP)!, Kind.LOCAL)
  }
  const devices = arpRelayEnds(RULES.workers).map(
    ends => new TapDevice('tap0', MAC, { programFd: steering.tapFd, arp: ends }),
  )
  steering.close()
  silence('tap0')
  const sender = new RawDevice('tap0')
  t.teardown(() => {
    for (const device of [sender, ...devices]) device.close()
  })
  heard(devices)
  return { devices, choice, sender }
}

t.test('queues of a TAP device', { skip }, async t => {
  await t.test('frames come to one queue each, of a connection to the same', async t => {
    const { devices, choice, sender } = queues(t)
    const frames: Uint8Array[] = []
    for (let i = 1; i < 40; i++) {
      frames.push(tcp4(`203.0.113.${i}:4000 > ${VIP}:80`, { payload: i }))
      frames.push(tcp4(`10.0.1.10:80 > 203.0.113.${i}:4000`))
      frames.push(tcp4(`10.0.1.10:80 > ${LIP}:${5536 + i}`))
      frames.push(icmp4(`203.0.113.${i} > ${VIP}`, { type: 8 }))
    }
    for (const frame of frames) send(sender, frame)
    const gso = tcp4(`203.0.113.1:4001 > ${VIP}:80`, { payload: 5000, flags: 'A', partial: true })
    send(sender, gso, partialHeader(gso, { gsoType: 1, gsoSize: 1448, hdrLen: 54 }))
    frames.push(gso)
    sender.flush()
    const expected = devices.map((_, worker) =>
      frames.filter(f => choice.of(new DataView(f.buffer), 14, f.length - 14) === worker).map(hex),
    )
    for (const each of expected) t.ok(each.length > 20)
    t.strictSame(heard(devices), expected)
    t.strictSame(
      devices.map(({ dropped }) => dropped),
      [0, 0, 0],
    )
  })

  await t.test('ARP comes to the first, and by the relay to the others, who wake up for it', async t => {
    const { devices, sender } = queues(t)
    const question = arp({
      operation: 'request',
      senderMac: '02:00:00:00:00:0a',
      senderAddr: '10.0.0.9',
      targetAddr: VIP,
    })
    const answer = arp({
      operation: 'reply',
      senderMac: '02:00:00:00:00:0a',
      senderAddr: '10.0.0.9',
      targetMac: '02:00:00:00:0a:01',
      targetAddr: VIP,
      padTo: 60,
    })
    for (const frame of [question, answer]) send(sender, frame)
    sender.flush()
    t.equal(devices[0]!.receive({ frame: () => {} }, 256), 2)
    devices[0]!.release()
    for (const device of devices.slice(1)) {
      const began = performance.now()
      new Poller(device.fds).wait(60_000)
      t.ok(performance.now() - began < 30_000)
    }
    t.strictSame(heard(devices), [[], [hex(question), hex(answer)], [hex(question), hex(answer)]])
  })

  await t.test('of what is no ARP, nothing; of what is too long for it, as much as ARP takes', async t => {
    const { devices, sender } = queues(t)
    const question = arp({
      operation: 'request',
      senderMac: '02:00:00:00:00:0a',
      senderAddr: '10.0.0.9',
      targetAddr: VIP,
    })
    const long = Uint8Array.from({ length: 1000 }, (_, i) => question[i] ?? 7)
    const other = Uint8Array.from(question)
    other[13] = 0x07
    for (const frame of [other, long]) send(sender, frame)
    sender.flush()
    const short = hex(long.slice(0, 60))
    t.strictSame(heard(devices), [[hex(other), hex(long)], [short], [short]])
  })

  await t.test('what others have no room for is lost, and counted', async t => {
    const { devices, sender } = queues(t)
    const question = arp({
      operation: 'request',
      senderMac: '02:00:00:00:00:0a',
      senderAddr: '10.0.0.9',
      targetAddr: VIP,
    })
    for (let i = 0; i < 2000; i++) {
      send(sender, question)
      sender.flush()
      devices[0]!.receive({ frame: () => {} }, 256)
      devices[0]!.release()
    }
    const lost = devices[0]!.dropped
    t.ok(lost > 0)
    const [, second, third] = heard(devices)
    t.equal(second!.length + third!.length + lost, 4000)
  })

  await t.test('what is sent by any queue leaves by the device', async t => {
    const { devices, sender } = queues(t)
    const frame = tcp4(`${VIP}:80 > 203.0.113.1:4000`)
    for (const device of devices) {
      send(device, frame)
      device.flush()
    }
    t.strictSame(heard([sender]), [[hex(frame), hex(frame), hex(frame)]])
  })

  await t.test('one that exists must have been made for it; nothing is left open', async t => {
    ip('tuntap add dev tap7 mode tap')
    ip('tuntap add dev tap8 mode tap multi_queue')
    t.teardown(() => {
      ip('tuntap del dev tap7 mode tap')
      ip('tuntap del dev tap8 mode tap multi_queue')
    })
    const steering = new Steering(RULES)
    const [ends] = arpRelayEnds(1)
    const sharing = { programFd: steering.tapFd, arp: ends! }
    const before = openFiles()
    t.throws(() => new TapDevice('tap7', MAC, sharing), {
      message: 'TAP device tap7 (if it exists, it must be a TAP made with multi_queue): invalid argument (EINVAL)',
    })
    t.throws(() => new TapDevice('tap8', MAC), {
      message: 'TAP device tap8 (if it exists, it must be a TAP made without multi_queue): invalid argument (EINVAL)',
    })
    t.throws(() => new TapDevice('tap8', MAC, { ...sharing, programFd: -2 }), {
      message: /^tap8: the program that steers frames to workers: bad file descriptor/,
    })
    t.equal(openFiles(), before)
    new TapDevice('tap8', MAC, sharing).close()
    t.equal(openFiles(), before)
    steering.close()
  })

  await t.test('ends that nobody has taken can be closed', async t => {
    const before = openFiles()
    for (const { to, from } of arpRelayEnds(4)) for (const fd of from === undefined ? to : [from]) close(fd)
    t.equal(openFiles(), before)
  })
})
