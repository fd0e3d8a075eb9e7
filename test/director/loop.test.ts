import t from 'tap'
import { Director } from '../../src/director/director.js'
import { DeviceEgress, Loop } from '../../src/director/loop.js'
import type { Device, FrameSink } from '../../src/packet/device.js'
import type { Slab } from '../../src/packet/frame.js'
import { parseIpv4, parseMac } from '../../src/wire/addr.js'
import { DIP_C, DIP_R, fromClient, on, toServer } from '../support/bench-director.js'
import { placed, tcp4 } from '../support/frames.js'
import { identity, ofWeight, plain } from '../support/identity.js'

/** A device whose frames are given, and that writes down what is done to it. */
class Scripted implements Device {
  readonly name: string
  readonly mac
  readonly mtu = 1500
  readonly fds = []
  readonly dropped = 0
  waiting: Uint8Array[] = []
  readonly #log: string[]
  readonly #queue: [Slab, number, number][] = []

  constructor(name: string, mac: string, log: string[]) {
    this.name = name
    this.mac = parseMac(mac)!
    this.#log = log
  }
  receive(sink: FrameSink, budget: number): number {
    this.#log.push(`${this.name} receive ${budget}`)
    const frames = this.waiting.splice(0, budget)
    for (const frame of frames) {
      const { slab, at, len } = placed(frame)
      sink.frame(slab, at, len)
    }
    return frames.length
  }
  transmit(slab: Slab, at: number, len: number): boolean {
    this.#queue.push([slab, at, len])
    return this.name !== 'full'
  }
  flush(): void {
    this.#log.push(`${this.name} flush`)
    for (const [slab, at, len] of this.#queue.splice(0)) this.#log.push(on(this.name, slab.bytes.slice(at, at + len)))
  }
  release(): void {
    this.#log.push(`${this.name} release`)
  }
  close(): void {}
}

function make(): { loop: Loop; director: Director; devices: [Scripted, Scripted]; log: string[] } {
  const log: string[] = []
  const devices: [Scripted, Scripted] = [
    new Scripted('c', '02:00:00:00:01:01', log),
    new Scripted('r', '02:00:00:00:02:01', log),
  ]
  const director = new Director({
    links: devices.map(({ name, mac, mtu }) => ({ name, mac, mtu })),
    egress: new DeviceEgress(devices),
    addresses: [`${DIP_C}/24@c`, `${DIP_R}/24@r`],
    neighbours: ['10.99.2.11=02:00:00:00:02:11@r'],
    seed: 1,
    now: 1000,
    maxConnections: 256,
  })
  const loop = new Loop(director, devices)
  loop.turn(1000)
  log.length = 0
  return { loop, director, devices, log }
}

t.test('a turn: receive on every device, then flush on every device, then release on every device', async t => {
  const { loop, devices, log } = make()
  devices[0].waiting.push(tcp4('10.99.1.10:1 > 10.99.2.11:1', fromClient))
  t.equal(loop.turn(1001), 1)
  t.strictSame(log, [
    'c receive 256',
    'r receive 256',
    'c flush',
    'r flush',
    on('r', tcp4('10.99.1.10:1 > 10.99.2.11:1', { ...toServer(), ttl: 63 })),
    'c release',
    'r release',
  ])
})

t.test('a turn takes 256 frames of a device, and says how many it took', async t => {
  const { loop, devices } = make()
  const frame = tcp4('10.99.1.10:1 > 10.99.2.11:1', fromClient)
  devices[0].waiting = Array.from({ length: 300 }, () => frame)
  devices[1].waiting = Array.from({ length: 10 }, () => frame)
  t.strictSame([loop.turn(1001), loop.turn(1002), loop.turn(1003)], [266, 44, 0])
})

t.test('the clock is handed on before the frames', async t => {
  const { loop, director, log, devices } = make()
  devices[0].waiting.push(tcp4('10.99.1.10:1 > 10.99.2.77:1', fromClient))
  loop.turn(2000)
  const asked = (): number => log.filter(line => line.includes('arp request 10.99.2.77')).length
  t.equal(asked(), 1)
  loop.turn(2999)
  t.equal(asked(), 1)
  loop.turn(3000)
  t.equal(asked(), 2, 'a second after the first')
  t.ok(director.idleMs <= 50, 'with a request open it looks often')
})

t.test('how long nothing is due: a second at the most, less while a connection or a request is', async t => {
  const { loop, director, devices } = make()
  t.equal(loop.idleMs, 1000)
  director.balancing.addService(identity(6, parseIpv4(DIP_C)!, 80), plain, 'rr')
  const [service] = director.balancing.inKernelOrder()
  director.balancing.addDestination(service!, parseIpv4('10.99.2.11')!, 80, ofWeight(1))
  devices[0].waiting.push(tcp4('10.99.1.10:1 > 10.99.1.1:80', fromClient))
  loop.turn(2000)
  loop.turn(61_900)
  t.ok(loop.idleMs > 0 && loop.idleMs <= 100, `${loop.idleMs} ms before the connection ends`)
  loop.turn(62_100)
  t.equal(director.conns.table.count, 0, 'it has')
  t.ok(loop.idleMs <= 1000)
})

t.test('work that one turn could not finish is gone on with at once', async t => {
  const { loop, director } = make()
  // Ten seconds late: a thousand slots are looked at within one turn's budget; an hour late they are not.
  loop.turn(11_000)
  t.ok(loop.idleMs > 0)
  loop.turn(3_600_000)
  t.equal(loop.idleMs, 0)
  let turns = 0
  while (loop.idleMs === 0 && turns < 1000) {
    loop.turn(3_600_000)
    turns++
  }
  t.ok(turns > 1 && turns < 100, `${turns} turns`)
  t.equal(director.conns.table.count, 0)
})
