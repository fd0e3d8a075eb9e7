import { holdProtocol, holdUdpPort } from '../linux/deaf-socket.js'
import type { FrameSink } from '../packet/device.js'
import { interfaceInfo } from '../linux/interface.js'
import { close } from '../linux/libc.js'
import { takeDrops } from '../linux/packet-socket.js'
import { Poller } from '../linux/poller.js'
import { TunDevice } from '../io/tun-device.js'
import type { Slab } from '../packet/frame.js'
import { parseIpv4 } from '../wire/addr.js'
import { IpProtocol } from '../wire/ipv4.js'
import { Decapsulation } from './decapsulation.js'
import { Fate, fates } from './fate.js'
import { HostAddresses } from './host-addresses.js'
import { IngressProgram, type ProgramState, type ProgramWanted } from './ingress-program.js'
import { TunnelRing } from './tunnel-ring.js'

/** Frames read from one interface in one turn. */
const BUDGET = 256

/** A decapsulator's task. */
export interface DecapsulatorOptions {
  /** Interfaces at which tunnels end. */
  interfaces: readonly string[]
  /** Addresses that inner packets may have as their destination. */
  vips: readonly string[]
  /** The UDP port of GUE; 0 to do without. */
  guePort: number
  /** The TUN device to make. */
  device: string
  /** Whether a program at the interfaces' ingress takes plain packets before the rings do. Not there: none does. */
  decap?: ProgramWanted
}

/**
 * Opens tunnels in place of the kernel: reads frames of IPIP, GRE and GUE from packet rings and writes the inner packets
 * to a TUN device, one write each. The kernel receives the outer packets too; a filter keeps it from replying to them. What a
 * program at the ingress takes does not come here.
 */
export class Decapsulator implements FrameSink {
  readonly #own = new HostAddresses()
  readonly #tun: TunDevice
  readonly #protocols: number[] = []
  readonly #counts = new Float64Array(fates.length)
  readonly #program: IngressProgram
  #options: DecapsulatorOptions
  #rings = new Map<string, TunnelRing>()
  #heldPort: number | undefined
  #decapsulation!: Decapsulation
  #poller!: Poller
  #lost = 0

  /** SystemError if an interface, the TUN device or the GUE port is not available; then nothing stays open. */
  constructor(options: DecapsulatorOptions) {
    this.#options = { ...options, interfaces: [], guePort: 0 }
    this.#tun = new TunDevice(options.device)
    this.#program = new IngressProgram(interfaceInfo(options.device).index)
    this.#program.setOwn(this.#own.all)
    try {
      for (const protocol of [IpProtocol.IPIP, IpProtocol.GRE]) this.#protocols.push(holdProtocol(protocol))
      this.change(options)
    } catch (error) {
      this.close()
      throw error
    }
  }

  get options(): DecapsulatorOptions {
    return this.#options
  }

  /** Changes the options on the same device, and loses no frame of what stays. On a SystemError the old ones stay. */
  change(options: DecapsulatorOptions): void {
    const { interfaces, guePort, decap } = options
    const vips = options.vips.flatMap(vip => parseIpv4(vip) ?? [])
    const samePort = guePort === this.#options.guePort
    const before = this.#rings
    const rings = new Map<string, TunnelRing>()
    const port = samePort ? this.#heldPort : guePort === 0 ? undefined : holdUdpPort(guePort)
    try {
      for (const name of interfaces) {
        const had = before.get(name)
        rings.set(name, had && !had.isStale() ? had : new TunnelRing(name, guePort))
      }
      const names = new Map([...rings].map(([name, { ifindex }]) => [ifindex, name]))
      this.#program.hang(decap, names, { vips: new Set(vips), guePort })
    } catch (error) {
      for (const [name, ring] of rings) if (before.get(name) !== ring) ring.close()
      if (!samePort && port !== undefined) close(port)
      throw error
    }
    if (!samePort) {
      for (const [name, ring] of rings) if (before.get(name) === ring) ring.listen(guePort)
      if (this.#heldPort !== undefined) close(this.#heldPort)
    }
    for (const [name, ring] of before) if (rings.get(name) !== ring) this.#leave(ring)
    this.#rings = rings
    this.#heldPort = port
    this.#poller = new Poller([...rings.values()].map(({ fd }) => fd))
    this.#decapsulation = new Decapsulation({
      vips,
      guePort,
      isOwn: addr => this.#own.has(addr),
    })
    this.#options = { ...options, device: this.#options.device }
  }

  /** Handles waiting frames, up to a limit; returns how many. */
  turn(): number {
    let frames = 0
    for (const ring of this.#rings.values()) {
      frames += ring.receive(this, BUDGET)
      ring.release()
    }
    if (frames > 0) this.#program.setOwn(this.#own.all)
    return frames
  }

  frame(slab: Slab, at: number, len: number): void {
    const inner = this.#decapsulation
    let fate = inner.read(slab, at, len)
    if (fate <= Fate.GUE) {
      if (this.#tun.write(slab, inner.at, inner.len)) this.#program.open()
      else fate = Fate.TUN_REFUSED
    }
    this.#counts[fate]!++
  }

  /** Waits for frames, at most `ms`. */
  wait(ms: number): void {
    this.#poller.wait(ms)
  }

  get program(): ProgramState | undefined {
    return this.#options.decap === undefined ? undefined : this.#program.state
  }

  /** Frames by fate, and those among them that the program took; `drop-device` counts those lost before they were read. */
  counters(): Record<string, number> {
    const rings = [...this.#rings.values()]
    for (const ring of rings) this.#lost += takeDrops(ring.fd)
    const lost = rings.reduce((sum, ring) => sum + ring.unusable, this.#lost)
    const { ipip, gre, gue } = this.#program.counts()
    const taken: Record<string, number> = { ipip, gre, gue }
    const counted = fates.map((name, i): [string, number] => [name, this.#counts[i]! + (taken[name] ?? 0)])
    return Object.fromEntries([...counted, ['drop-device', lost], ['by-program', ipip + gre + gue]])
  }

  close(): void {
    this.#program.close()
    for (const ring of this.#rings.values()) ring.close()
    for (const fd of this.#protocols) close(fd)
    if (this.#heldPort !== undefined) close(this.#heldPort)
    this.#tun.close()
  }

  #leave(ring: TunnelRing): void {
    this.#lost += takeDrops(ring.fd) + ring.unusable
    ring.close()
  }
}
