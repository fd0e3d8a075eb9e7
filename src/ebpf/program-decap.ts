import { check, close, mapRing, unmapRing } from '../linux/libc.js'
import type { Slab } from '../packet/frame.js'
import type { Ipv4Addr } from '../wire/addr.js'
import { attach, type Attachment, type Way } from './attachment.js'
import { createMap, deleteElement, loadProgram, MapFlag, MapType, ProgramType, setElement, TcxPlace } from './bpf.js'
import { COUNTER_PLACES, DecapCount, decapProgram, DecapSettings, type DecapMaps } from './decap-program.js'
import { ADDRESS_LEN, onTheWire, WORD, word } from './map-keys.js'

const MOST_ADDRESSES = 65_536
/** Behind all others: it takes what they leave to the kernel, as a packet ring does. 'uvsd' at clsact. */
export const DECAP_PLACE = { tcx: TcxPlace.LAST, clsact: { handle: 0x75767364, priority: 0x7576 } } as const

/** Packets whose outer headers the program has taken off. */
export interface DecapCounts {
  readonly ipip: number
  readonly gre: number
  readonly gue: number
}

export const NO_COUNTS: DecapCounts = { ipip: 0, gre: 0, gue: 0 }

/** The decapsulator's program and its maps, for all interfaces. All ends with the process. */
export class ProgramDecap {
  readonly maps: DecapMaps
  /** The program. */
  readonly fd: number
  readonly #fds: number[] = []
  readonly #slabs: Slab[] = []
  readonly #settings: DataView
  readonly #counts: DataView
  #own: ReadonlySet<Ipv4Addr> = new Set()
  #vips: ReadonlySet<Ipv4Addr> = new Set()

  /** `device`: the index of the TUN device. SystemError where the kernel may not be given programs, or no map mapped into memory. */
  constructor(device: number) {
    try {
      this.maps = {
        settings: this.#map(MapType.ARRAY, DecapSettings.LEN, 1, MapFlag.MMAPABLE),
        counts: this.#map(MapType.ARRAY, DecapCount.LEN, COUNTER_PLACES, MapFlag.MMAPABLE),
        own: this.#map(MapType.HASH, WORD, MOST_ADDRESSES, MapFlag.NO_PREALLOC),
        vips: this.#map(MapType.HASH, WORD, MOST_ADDRESSES, MapFlag.NO_PREALLOC),
      }
      this.#settings = this.#view(this.maps.settings, DecapSettings.LEN)
      this.#counts = this.#view(this.maps.counts, DecapCount.LEN * COUNTER_PLACES)
      const program = decapProgram(this.maps, device)
      this.fd = this.#keep(check(loadProgram(ProgramType.SCHED_CLS, program), 'the eBPF program that opens tunnels'))
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** This host's addresses, at which tunnels end. */
  setOwn(addresses: ReadonlySet<Ipv4Addr>): void {
    if (addresses === this.#own) return
    tell(this.maps.own, this.#own, addresses)
    this.#own = addresses
  }
  /** Addresses that inner packets may have as their destination. */
  setVips(addresses: ReadonlySet<Ipv4Addr>): void {
    tell(this.maps.vips, this.#vips, addresses)
    this.#vips = addresses
  }
  /** Takes GUE on this UDP port from now on; 0: none. */
  listen(guePort: number): void {
    this.#settings.setUint32(DecapSettings.GUE_PORT, ((guePort & 0xff) << 8) | (guePort >>> 8), true)
  }
  /** The TUN device takes packets: from now on the program hands it some. */
  open(): void {
    this.#settings.setUint32(DecapSettings.IS_OPEN, 1, true)
  }

  /** Has the program run at an interface's ingress. SystemError if it cannot. */
  attach(name: string, ifindex: number, way?: Way): Attachment {
    return attach(name, ifindex, [this.fd], DECAP_PLACE, way)
  }

  counts(): DecapCounts {
    const of = (kind: number): number => {
      let sum = 0
      for (let i = 0; i < COUNTER_PLACES; i++) sum += Number(this.#counts.getBigUint64(i * DecapCount.LEN + kind, true))
      return sum
    }
    return { ipip: of(DecapCount.IPIP), gre: of(DecapCount.GRE), gue: of(DecapCount.GUE) }
  }

  close(): void {
    for (const slab of this.#slabs.splice(0)) unmapRing(slab)
    for (const fd of this.#fds.splice(0)) close(fd)
  }

  #map(type: number, value: number, entries: number, flags: number): number {
    return this.#keep(createMap(type, ADDRESS_LEN, value, entries, flags))
  }
  #view(fd: number, len: number): DataView {
    const slab = mapRing(fd, len)
    this.#slabs.push(slab)
    return slab.view
  }
  #keep(fd: number): number {
    this.#fds.push(fd)
    return fd
  }
}

/** What is new is there before what is old goes. What a full map has no room for is left to the decapsulator. */
function tell(map: number, before: ReadonlySet<Ipv4Addr>, now: ReadonlySet<Ipv4Addr>): void {
  for (const addr of now) if (!before.has(addr)) setElement(map, onTheWire(addr), word(1))
  for (const addr of before) if (!now.has(addr)) deleteElement(map, onTheWire(addr))
}
