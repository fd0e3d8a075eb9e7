import type { Control, Outcome } from '../../src/control/protocol/api.js'
import { localControl } from '../../src/control/operations/execute.js'
import { runScript } from '../../src/cli/uvs/rules/script.js'
import { HZ, jiffiesAt } from '../../src/conn/jiffies.js'
import { EXPIRES, TIMEOUT } from '../../src/conn/record.js'
import { Director } from '../../src/director/director.js'
import type { Slab } from '../../src/packet/frame.js'
import type { Link } from '../../src/packet/link.js'
import { type Verdict, verdictNames } from '../../src/packet/verdict.js'
import { placed } from '../support/frames.js'
import { records } from '../support/records.js'
import { readU16 } from '../support/octets.js'
import type { Side, SideFrame } from './case.js'
import { deviceSends } from './device.js'

/** Timers may fire between frames, so that time passes in steps of this many milliseconds. */
const TICK_MS = 10

/** Any time will do: the kernel's clock does not start at 0 either. */
const START_MS = 1_000_000

const ARP_TYPE = 0x0806

const SIDES: Side[] = ['c', 'r']
const CLIENTS = Array.from({ length: 32 }, (_, index) => `10.99.1.${10 + index}=02:00:00:00:01:10@vec0`)
const REAL_SERVERS = [11, 12, 13, 14].map(last => `10.99.2.${last}=02:00:00:00:02:${last}@vec1`)

/** A frame that the director handed over, where it lies until the device flushes. */
interface Queued {
  side: Side
  slab: Slab
  at: number
  len: number
}

/**
 * A fresh director between the two wires of every recording, and its clock. Frames are handed to it as devices do: 0xa5
 * around them, and what it transmits is read only after it has returned, as the kernel would.
 */
export class Rig {
  readonly #director: Director
  readonly #control: Control
  readonly #queue: Queued[] = []
  readonly #out: SideFrame[] = []
  #now = START_MS

  constructor() {
    this.#director = new Director({
      links: [
        { name: 'vec0', mac: { hi: 0x0200, lo: 0x00000101 }, mtu: 1500 },
        { name: 'vec1', mac: { hi: 0x0200, lo: 0x00000201 }, mtu: 1500 },
      ],
      egress: { transmit: (link, slab, at, len) => this.#transmit(link, slab, at, len) },
      addresses: ['10.99.1.1/24@vec0', '10.99.2.1/24@vec1'],
      vips: ['10.99.1.100', '10.99.1.101'],
      routes: ['default=10.99.1.254'],
      neighbours: [...CLIENTS, '10.99.1.254=02:00:00:00:01:fe@vec0', ...REAL_SERVERS],
      seed: 1,
      maxConnections: 4096,
      now: START_MS,
      icmpRatelimit: 0,
    })
    this.#control = localControl(this.#director)
  }

  /** Puts a frame on the director's wire. Answers its verdict's name. */
  send(side: Side, frame: Uint8Array): string {
    const { slab, at, len } = placed(frame)
    const link = this.#director.links[SIDES.indexOf(side)]!
    this.#director.poll(this.#now)
    const verdict = this.#director.receive(link, slab, at, len)
    this.#flush()
    return verdictNames.get(verdict as Verdict) ?? `verdict ${verdict}`
  }

  /** Runs the lines of a setup or a `do`. Their `sleep`s move the clock. */
  async run(script: string): Promise<Outcome> {
    const outcome = await runScript(script, this.#control, { sleep: async seconds => this.advance(seconds * 1000) })
    this.#flush()
    return outcome
  }

  /** Lets time pass, and timers with it. */
  advance(ms: number): void {
    const end = this.#now + Math.round(ms)
    while (this.#now < end) {
      this.#now = Math.min(end, this.#now + TICK_MS)
      this.#director.poll(this.#now)
      this.#flush()
    }
  }

  /** In how many seconds each connection's timer runs out, and how many its packets give it. */
  timers(): { left: number; timeout: number }[] {
    const { conns } = this.#director
    const now = jiffiesAt(this.#now)
    return records(conns).map(conn => ({
      left: ((conns.table.words[conn + EXPIRES]! - now) | 0) / HZ,
      timeout: conns.table.words[conn + TIMEOUT]! / HZ,
    }))
  }

  /** The frames that came out since the last call, in order, but for ARP: the recordings have none. */
  take(): SideFrame[] {
    return this.#out.splice(0).filter(({ frame }) => readU16(frame, 12) !== ARP_TYPE)
  }

  #transmit(link: Link, slab: Slab, at: number, len: number): boolean {
    this.#queue.push({ side: SIDES[link.index]!, slab, at, len })
    return true
  }

  #flush(): void {
    for (const { side, slab, at, len } of this.#queue.splice(0)) {
      const header = slab.bytes.slice(at - 10, at)
      this.#out.push(deviceSends(side, slab.bytes.slice(at, at + len), header))
    }
  }
}
