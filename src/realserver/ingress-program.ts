import type { Attachment, Way } from '../ebpf/attachment.js'
import { whyNoBpf, whyNotAttached } from '../ebpf/front-refused.js'
import { NO_COUNTS, ProgramDecap, type DecapCounts } from '../ebpf/program-decap.js'
import { SystemError } from '../linux/libc.js'
import type { Ipv4Addr } from '../wire/addr.js'

/** `auto`: the program takes outer headers off where it can be had. `program`: it must. */
export type ProgramWanted = 'auto' | 'program'

/** At which interfaces the program hangs, and how; why it does not at others, or at none. */
export interface ProgramState {
  on: { interface: string; way: Way }[]
  why?: string
}

/** What the program is to take. */
export interface Taken {
  vips: ReadonlySet<Ipv4Addr>
  guePort: number
}

/** The decapsulator's program at its interfaces' ingress, where it is wanted and can be had. */
export class IngressProgram {
  readonly #device: number
  #program: ProgramDecap | undefined
  /** By the interface's index. */
  #attachments: ReadonlyMap<number, Attachment> = new Map()
  #state: ProgramState = { on: [] }
  #own: ReadonlySet<Ipv4Addr> = new Set()
  #isOpen = false
  /** By programs that are closed. */
  #counts = NO_COUNTS

  /** `device`: the index of the TUN device. */
  constructor(device: number) {
    this.#device = device
  }

  get state(): ProgramState {
    return this.#state
  }

  /**
   * Has the program run at these interfaces, index → name, and at no others; nowhere without `wanted`. SystemError if it must and
   * cannot: then all stays as it was.
   */
  hang(wanted: ProgramWanted | undefined, interfaces: ReadonlyMap<number, string>, taken: Taken): void {
    if (wanted === undefined) return this.close()
    const state: ProgramState = { on: [] }
    const attachments = new Map<number, Attachment>()
    const program = this.#program ?? made(this.#device, wanted, state)
    try {
      for (const [index, name] of program ? interfaces : []) {
        const attachment = this.#attachments.get(index) ?? attached(program!, index, name, wanted, state)
        if (attachment === undefined) continue
        attachments.set(index, attachment)
        state.on.push({ interface: name, way: attachment.way })
      }
    } catch (error) {
      for (const [index, attachment] of attachments) if (!this.#attachments.has(index)) attachment.close()
      if (program !== this.#program) program!.close()
      throw error
    }
    for (const [index, attachment] of this.#attachments) if (!attachments.has(index)) attachment.close()
    this.#program = program
    this.#attachments = attachments
    this.#state = state
    program?.setVips(taken.vips)
    program?.setOwn(this.#own)
    program?.listen(taken.guePort)
    if (this.#isOpen) program?.open()
  }

  /** This host's addresses, at which tunnels end. */
  setOwn(addresses: ReadonlySet<Ipv4Addr>): void {
    this.#own = addresses
    this.#program?.setOwn(addresses)
  }
  /** The TUN device has taken a packet: from now on the program may hand it some. */
  open(): void {
    if (this.#isOpen) return
    this.#isOpen = true
    this.#program?.open()
  }

  counts(): DecapCounts {
    return sumOf(this.#counts, this.#program?.counts() ?? NO_COUNTS)
  }

  close(): void {
    for (const attachment of this.#attachments.values()) attachment.close()
    this.#attachments = new Map()
    this.#counts = this.counts()
    this.#program?.close()
    this.#program = undefined
    this.#state = { on: [] }
  }
}

/** Undefined where it cannot be had, and need not be. */
function made(device: number, wanted: ProgramWanted, state: ProgramState): ProgramDecap | undefined {
  return unlessNeeded(
    wanted,
    () => new ProgramDecap(device),
    error => (state.why = whyNoBpf(error)),
  )
}
function attached(
  program: ProgramDecap,
  index: number,
  name: string,
  wanted: ProgramWanted,
  state: ProgramState,
): Attachment | undefined {
  const failed = (error: SystemError): void => void (state.why = `${name}: ${whyNotAttached(error)}`)
  return unlessNeeded(wanted, () => program.attach(name, index), failed)
}
function unlessNeeded<T>(wanted: ProgramWanted, make: () => T, failed: (error: SystemError) => void): T | undefined {
  try {
    return make()
  } catch (error) {
    if (wanted === 'program' || !(error instanceof SystemError)) throw error
    failed(error)
    return undefined
  }
}

function sumOf(a: DecapCounts, b: DecapCounts): DecapCounts {
  return { ipip: a.ipip + b.ipip, gre: a.gre + b.gre, gue: a.gue + b.gue }
}
