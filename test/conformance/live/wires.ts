import { icmp4 } from '../../support/frames.js'
import { readU16 } from '../../support/octets.js'
import type { Side, SideFrame } from '../case.js'
import type { Kernel } from './kernel.js'
import { KernelDown } from '../../../netns-lab/uml/kernel-down.js'
import { waitFor } from '../../../netns-lab/uml/sockets.js'

/** How long a frame that is to come may take. */
const LATE_MS = 300
/** How long the kernel may take to look at one, on a busy machine. */
const STUCK_MS = 5000
/** Its interrupts get lost at times; another frame wakes it. */
const ASK_AGAIN_MS = 40

const IPV4_TYPE = 0x0800
const ICMP = 1
const ECHO_REPLY = 0
const REASSEMBLY_TIME_EXCEEDED = 0x0b01

/** Behind a frame goes an echo request; its reply says that the frame has been dealt with. Its id: this, and the scenario's. */
const ECHO_ID = 0x7500
const ID_MASK = 0xff
let scenarios = 0
const ECHOS = {
  c: { flow: '10.99.1.41 > 10.99.1.1', eth: '02:00:00:00:01:10 > 02:00:00:00:01:01' },
  r: { flow: '10.99.2.14 > 10.99.2.1', eth: '02:00:00:00:02:14 > 02:00:00:00:02:01' },
}

/** The two wires of the kernel, and what came from them that is not to be compared taken out. */
export class Wires {
  readonly #kernel: Kernel
  /** So that an answer that is late is not taken for one in the next scenario. */
  readonly #id = ECHO_ID | (scenarios++ & ID_MASK)
  /** Echo requests sent, and the last one that was answered, on each side. */
  readonly #asked = { c: 0, r: 0 }
  readonly #answered = { c: 0, r: 0 }

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  /** Sends a frame; answers what came out until it was dealt with, and `expected` frames had come, or not in time. */
  exchange({ side, frame }: SideFrame, expected: number): SideFrame[] {
    const { c, r } = this.#kernel
    this.#kernel[side].send(frame)
    const behind = this.#ask(side)
    const start = performance.now()
    const out: SideFrame[] = []
    for (let asked = start; ;) {
      out.push(...this.drain())
      const now = performance.now()
      const isDealtWith = this.#answered[side] >= behind
      if (isDealtWith && (out.length >= expected || now - start >= LATE_MS)) return out
      if (now - start >= STUCK_MS) throw new KernelDown('a frame is not dealt with')
      if (now - asked >= ASK_AGAIN_MS) {
        asked = now
        this.#ask('c')
        this.#ask('r')
      }
      waitFor([c, r], ASK_AGAIN_MS)
    }
  }

  #ask(side: Side): number {
    const number = ++this.#asked[side]
    this.#kernel[side].send(icmp4(ECHOS[side].flow, { type: 8, rest: this.#id * 0x10000 + number, ...ECHOS[side] }))
    return number
  }

  /** What there is now. */
  drain(): SideFrame[] {
    return [...this.#drain('c'), ...this.#drain('r')]
  }

  #drain(side: Side): SideFrame[] {
    const out: SideFrame[] = []
    for (;;) {
      const frame = this.#kernel[side].receive()
      if (typeof frame === 'string') return out
      if (isEcho(frame)) {
        if (readU16(frame, 38) === this.#id) this.#answered[side] = readU16(frame, 40)
      } else if (readU16(frame, 12) === IPV4_TYPE && !isLate(frame)) out.push({ side, frame })
    }
  }
}

/** Of a datagram the rest of which has not come in 30 s: mostly one of an earlier scenario's. */
function isLate(frame: Uint8Array): boolean {
  return frame[23] === ICMP && readU16(frame, 34) === REASSEMBLY_TIME_EXCEEDED
}

function isEcho(frame: Uint8Array): boolean {
  const isPiece = (readU16(frame, 20) & 0x3fff) !== 0
  return !isPiece && frame[23] === ICMP && frame[34] === ECHO_REPLY && (readU16(frame, 38) & ~ID_MASK) === ECHO_ID
}
