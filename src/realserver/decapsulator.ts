import { holdProtocol, holdUdpPort } from '../io/deaf-socket.js'
import type { FrameSink } from '../io/device.js'
import { interfaceInfo } from '../io/interface.js'
import { close } from '../io/libc.js'
import { PacketRing } from '../io/packet-ring.js'
import { setBuffers, setFilter, takeDrops } from '../io/packet-socket.js'
import { Poller } from '../io/poller.js'
import { TunDevice } from '../io/tun-device.js'
import type { Slab } from '../packet/frame.js'
import { parseIpv4 } from '../wire/addr.js'
import { IpProtocol } from '../wire/ipv4.js'
import { Decapsulation } from './decapsulation.js'
import { Fate, fates } from './fate.js'
import { OwnAddresses } from './own-addresses.js'
import { tunnelFilter } from './tunnel-filter.js'

/** Frames of an interface in one turn. */
const BUDGET = 256
const BUFFER_OCTETS = 16 * 2 ** 20

/** What a decapsulator is to do. */
export interface DecapsulatorOptions {
  /** Interfaces that tunnels end at. */
  interfaces: readonly string[]
  /** Addresses that the packets in them may be for. */
  vips: readonly string[]
  /** The UDP port of GUE; 0 to do without. */
  guePort: number
  /** The TUN device to make. */
  device: string
}

/**
 * Opens tunnels in the kernel's place: frames of IPIP, GRE and GUE out of packet rings, their inner packets into a TUN
 * device, one write each. The kernel sees the outer packets too; it is kept from answering them.
 */
export class Decapsulator implements FrameSink {
  readonly #rings: PacketRing[] = []
  readonly #held: number[] = []
  readonly #tun: TunDevice
  readonly #decapsulation: Decapsulation
  readonly #poller: Poller
  readonly #counts = new Float64Array(fates.length)
  #lost = 0

  /** SystemError if an interface, the TUN device or the GUE port cannot be had; nothing stays open then. */
  constructor({ interfaces, vips, guePort, device }: DecapsulatorOptions) {
    const own = new OwnAddresses()
    this.#decapsulation = new Decapsulation({
      vips: vips.flatMap(vip => parseIpv4(vip) ?? []),
      guePort,
      isLocal: addr => own.has(addr),
    })
    this.#tun = new TunDevice(device)
    try {
      this.#held.push(holdProtocol(IpProtocol.IPIP), holdProtocol(IpProtocol.GRE))
      if (guePort !== 0) this.#held.push(holdUdpPort(guePort))
      for (const name of interfaces) this.#rings.push(tunnelRing(name, guePort))
    } catch (error) {
      this.close()
      throw error
    }
    this.#poller = new Poller(this.#rings.map(({ fd }) => fd))
  }

  /** Takes what is waiting, at most so much; answers how many frames it was. */
  turn(): number {
    let frames = 0
    for (const ring of this.#rings) {
      frames += ring.receive(this, BUDGET)
      ring.release()
    }
    return frames
  }

  frame(slab: Slab, at: number, len: number): void {
    const inner = this.#decapsulation
    let fate = inner.read(slab, at, len)
    if (fate <= Fate.GUE && !this.#tun.write(slab, inner.at, inner.len)) fate = Fate.TUN_REFUSED
    this.#counts[fate]!++
  }

  /** Waits for frames, at most `ms`. */
  wait(ms: number): void {
    this.#poller.wait(ms)
  }

  /** How many frames met which fate; `drop-device`: lost before they came here. */
  counters(): Record<string, number> {
    for (const ring of this.#rings) this.#lost += takeDrops(ring.fd)
    const lost = this.#rings.reduce((sum, ring) => sum + ring.unusable, this.#lost)
    const counted = fates.map((name, i): [string, number] => [name, this.#counts[i]!])
    return Object.fromEntries([...counted, ['drop-device', lost]])
  }

  close(): void {
    for (const ring of this.#rings) ring.close()
    for (const fd of this.#held) close(fd)
    this.#tun.close()
  }
}

function tunnelRing(name: string, guePort: number): PacketRing {
  const ring = new PacketRing(name, interfaceInfo(name), (fd, _, ifindex) => {
    setFilter(fd, tunnelFilter(guePort, ifindex))
    return undefined
  })
  try {
    ring.reassemble()
    setBuffers(ring.fd, BUFFER_OCTETS)
    return ring
  } catch (error) {
    ring.close()
    throw error
  }
}
