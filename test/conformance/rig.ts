import type { Control, Outcome } from '../../src/control/protocol/api.js'
import { localControl } from '../../src/control/operations/execute.js'
import { runScript } from '../../src/cli/uvs/rules/script.js'
import { HZ, jiffiesAt } from '../../src/conn/jiffies.js'
import { EXPIRES, TIMEOUT } from '../../src/conn/record.js'
import { Director } from '../../src/director/director.js'
import type { DirectorOptions } from '../../src/director/options.js'
import type { Egress, Slab } from '../../src/packet/frame.js'
import { type Verdict, verdictNames } from '../../src/packet/verdict.js'
import { formatIpv4 } from '../../src/wire/addr.js'
import { placed, type Placed } from '../support/frames.js'
import { records } from '../support/records.js'
import { claimed, isArp, isArpReply, whoHas } from './arp-beside.js'
import type { Sender, Side, SideFrame } from './case.js'
import { deviceSends } from './device.js'
import type { Forwarder } from './forwarder.js'
import { allFramesCounted } from '../../native-free/all-frames-counted.js'
import { KernelBeside } from './kernel-beside.js'
import { forwarderOf, type Offload } from './offloaded.js'
import { ADDRESSES, GATEWAY, LINKS, NEIGHBOURS, SIDES, VIPS } from './rig-network.js'

/** How uvs lives on its interfaces. */
export interface Mode {
  /** It shares them with the kernel, which holds all addresses. Else it is the only host there. */
  readonly isBeside?: boolean
  /** Who forwards the packets of open connections, from the first on. Default: the director. */
  readonly offload?: Offload
}

/** Timers may fire between frames, so that time passes in steps of this many milliseconds. */
const TICK_MS = 10

/** Any time will do: the kernel's clock does not start at 0 either. */
const START_MS = 1_000_000

const ETHERNET_LEN = 14
const VIRTIO_LEN = 10
/** In the virtio-net header. */
const GSO_TYPE_AT = 1

/** A frame that one of the two handed over, where it lies until the device flushes. */
interface Queued {
  link: number
  slab: Slab
  at: number
  len: number
  /** Given back to the kernel. Else it goes to the wire. */
  isReturned?: boolean
  sender: Sender
}

/**
 * A fresh director between the two wires of every recording, and its clock. Frames are handed to it as devices do: 0xa5
 * around them, and what it transmits is read only after it has returned, as the kernel would. Beside the kernel, that gets what the
 * director does not take, and what it gives back.
 */
export class Rig {
  readonly #director: Director
  readonly #control: Control
  readonly #kernel: KernelBeside | undefined
  readonly #forwarder: Forwarder | undefined
  readonly #queue: Queued[] = []
  readonly #out: SideFrame[] = []
  /** Addresses that uvs has claimed by ARP beside the kernel, which holds them all. */
  readonly #claims = new Set<string>()
  #now = START_MS

  constructor({ isBeside, offload }: Mode = {}) {
    this.#forwarder = offload && forwarderOf(offload)
    const flows = this.#forwarder && { flows: this.#forwarder.table, offloadAfter: 0 }
    const common = { neighbours: NEIGHBOURS, seed: 1, maxConnections: 4096, now: START_MS, icmpRatelimit: 0, ...flows }
    if (!isBeside) {
      const alone = { addresses: ADDRESSES, vips: VIPS, routes: [`default=${GATEWAY}`] }
      this.#director = new Director({ ...common, ...alone, links: LINKS, egress: this.#egressOf('uvs') })
      this.#control = localControl(this.#director)
      return
    }
    this.#kernel = new KernelBeside(this.#egressOf('kernel'), START_MS)
    const toKernel: Egress['toKernel'] = ({ index: link }, slab, at, len) =>
      this.#push({ link, slab, at, len, isReturned: true, sender: 'uvs' })
    const shared: Partial<DirectorOptions> & Pick<DirectorOptions, 'addresses'> = {
      addresses: [],
      front: this.#kernel.front,
    }
    this.#director = new Director({
      ...common,
      ...shared,
      links: LINKS.map(link => ({ ...link, isBeside: true })),
      egress: { ...this.#egressOf('uvs'), toKernel },
    })
    this.#director.follow(this.#kernel.network)
    this.#control = this.#kernel.controlOf(this.#director)
  }

  /** Puts a frame on the wire. Answers its verdict's name; where the kernel has it, `kernel: ` and that one's. */
  send(side: Side, frame: Uint8Array): string {
    const link = SIDES.indexOf(side)
    this.#poll()
    const left = this.#forwarder?.forward(this.#director.links[link]!, frame)
    let verdict: string
    if (left) {
      this.#out.push({ side: SIDES[left.link]!, frame: left.frame, sender: 'program' })
      verdict = 'offloaded'
    } else if (this.#kernel?.isTaken(link, frame) === false) {
      verdict = `kernel: ${this.#toKernel(link, placed(frame))}`
      if (isArp(frame)) this.#receive(link, frame)
    } else verdict = this.#receive(link, frame)
    this.#flush()
    return verdict
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
      this.#poll()
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
    allFramesCounted(this.#director)
    return this.#out.splice(0).filter(({ frame }) => !isArp(frame))
  }

  /**
   * Asks on both wires for every address that the kernel holds beside uvs. Answers what is wrong: uvs may claim none of them, now or
   * ever before, and the kernel answers.
   */
  askForAddresses(): string[] {
    if (!this.#kernel) return []
    const faults: string[] = []
    for (const addr of this.#kernel.network.held.map(formatIpv4).filter(text => !text.startsWith('127.')))
      for (const side of SIDES) {
        this.send(side, whoHas(side, addr))
        const answers = this.#out.splice(0).filter(({ frame }) => isArpReply(frame) && claimed(frame) === addr)
        if (answers.map(({ sender }) => sender).join() !== 'kernel')
          faults.push(
            `${addr}, side ${side}: answered by ${answers.map(({ sender }) => sender).join(' and ') || 'nobody'}`,
          )
      }
    return [...faults, ...[...this.#claims].map(addr => `${addr}: claimed by uvs`)]
  }

  /** Nothing may be asked afterwards. */
  close(): void {
    this.#forwarder?.close()
  }

  #poll(): void {
    if (this.#forwarder) this.#forwarder.nowMs = this.#now
    this.#director.poll(this.#now)
    this.#kernel?.poll(this.#now)
  }

  #receive(link: number, frame: Uint8Array): string {
    const { slab, at, len } = placed(frame)
    return nameOf(this.#director.receive(this.#director.links[link]!, slab, at, len))
  }

  #egressOf(sender: Sender): Egress {
    return { transmit: ({ index: link }, slab, at, len) => this.#push({ link, slab, at, len, sender }) }
  }

  #push(queued: Queued): boolean {
    this.#queue.push(queued)
    return true
  }

  /** What is given back has the kernel send more. */
  #flush(): void {
    this.#director.flows?.flush()
    for (let queued = this.#queue.shift(); queued; queued = this.#queue.shift()) {
      const { link, slab, at, len, sender } = queued
      const frame = slab.bytes.slice(at, at + len)
      const header = slab.bytes.slice(at - VIRTIO_LEN, at)
      if (queued.isReturned) this.#giveBack(link, frame, header)
      else this.#sent({ ...deviceSends(SIDES[link]!, frame, header), sender })
    }
  }

  #sent(sent: SideFrame): void {
    const claim = this.#kernel && sent.sender === 'uvs' && isArp(sent.frame) ? claimed(sent.frame) : undefined
    if (claim !== undefined) this.#claims.add(claim)
    this.#out.push(sent)
  }

  /** By a packet socket, which refuses what is longer than the interface's MTU and not to be cut (packet(7)). */
  #giveBack(link: number, frame: Uint8Array, header: Uint8Array): void {
    const isToBeCut = header[GSO_TYPE_AT] !== 0
    if (isToBeCut || frame.length <= ETHERNET_LEN + LINKS[link]!.mtu) this.#toKernel(link, placed(frame, header))
  }

  #toKernel(link: number, { slab, at, len }: Placed): string {
    return nameOf(this.#kernel!.receive(link, slab, at, len))
  }
}

function nameOf(verdict: number): string {
  return verdictNames.get(verdict as Verdict) ?? `verdict ${verdict}`
}
