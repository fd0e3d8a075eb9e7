import type { Attachment, Way } from '../../src/ebpf/attachment.js'
import { ProgramDecap } from '../../src/ebpf/program-decap.js'
import { PacketRing } from '../../src/io/packet-ring.js'
import { RawDevice } from '../../src/io/raw-device.js'
import { TunDevice } from '../../src/io/tun-device.js'
import { interfaceInfo } from '../../src/linux/interface.js'
import { mapMemory } from '../../src/linux/libc.js'
import { Poller } from '../../src/linux/poller.js'
import { VNET_LEN } from '../../src/packet/frame.js'
import { Decapsulation } from '../../src/realserver/decapsulation.js'
import { Fate, fates } from '../../src/realserver/fate.js'
import { TunnelRing } from '../../src/realserver/tunnel-ring.js'
import { parseIpv4, type Ipv4Addr } from '../../src/wire/addr.js'
import { GUE_PORT, RIP, VIP } from '../ebpf/decap-frames.js'
import { ip, veth } from '../linux/own-network.js'
import { concat, hex } from '../support/frames.js'
import { readU16 } from '../support/octets.js'
import { intoTunnels } from './into-tunnel.js'

/*
 * A wire on which tunnels come in, with the decapsulator's ring at its end, its TUN device, and a ring of what comes in there.
 * A network namespace of its own is needed.
 */

const DEVICE = 'uvs-rs'
const WAIT_MS = 20
/** So often, for what is to come; and for what is not. */
const [ROUNDS, ROUNDS_FOR_NOTHING] = [500, 15]
const addrOf = (text: string): Ipv4Addr => parseIpv4(text)!

export interface Sent {
  readonly frame: Uint8Array
  readonly header: Uint8Array
  /** Headers that it gets on its way in. */
  readonly outer?: Uint8Array
  readonly comes?: boolean
}

/** What came in by the TUN device, virtio-net header first, or what became of the frame instead; and whether the ring had it. */
export interface Came {
  readonly out: string
  readonly byRing: boolean
}

export class DecapWire {
  readonly #memory = mapMemory(2 ** 17)
  readonly #tun = new TunDevice(DEVICE)
  readonly program: ProgramDecap
  readonly #sender: RawDevice
  readonly #ring: TunnelRing
  readonly #inside: PacketRing
  readonly #decapsulation = new Decapsulation({
    vips: [addrOf(VIP)],
    guePort: GUE_PORT,
    isOwn: addr => addr === addrOf(RIP),
  })
  #attachment: Attachment | undefined

  constructor() {
    veth('in', 'in-far')
    for (const end of ['in', 'in-far']) ip(`link set ${end} mtu 9000`)
    ip(`addr add ${RIP}/24 dev in`)
    ip(`addr add ${VIP}/32 dev ${DEVICE} scope host`)
    ip(`link set ${DEVICE} up`)
    this.#sender = new RawDevice('in-far')
    this.#ring = new TunnelRing('in', GUE_PORT)
    const info = interfaceInfo(DEVICE)
    this.#inside = new PacketRing(DEVICE, info, { isFronted: true })
    this.program = new ProgramDecap(info.index)
    this.program.setOwn(new Set([addrOf(RIP)]))
    this.program.setVips(new Set([addrOf(VIP)]))
    this.program.listen(GUE_PORT)
    this.program.open()
  }

  /** The MAC that frames are to have. */
  get mac(): string {
    const { hi, lo } = interfaceInfo('in').mac
    const octets = Buffer.alloc(6)
    octets.writeUInt16BE(hi)
    octets.writeUInt32BE(lo, 2)
    return octets.toString('hex').replace(/..(?!$)/g, '$&:')
  }

  attach(way: Way): void {
    this.#attachment = this.program.attach('in', interfaceInfo('in').index, way)
  }
  detach(): void {
    this.#attachment?.close()
    this.#attachment = undefined
  }

  /** Sends a frame behind its virtio-net header, and returns what became of it. With `outer` it gets these headers on its way in; `comes`: else it is not waited for long. */
  send({ frame, header, outer, comes = true }: Sent): Came {
    const rounds = comes ? ROUNDS : ROUNDS_FOR_NOTHING
    if (outer === undefined) return this.#send(frame, header, rounds)
    const end = intoTunnels(interfaceInfo('in').index, outer)
    try {
      return this.#send(frame, header, rounds)
    } finally {
      end()
    }
  }
  #send(frame: Uint8Array, header: Uint8Array, rounds: number): Came {
    this.#memory.bytes.set(concat(header, frame), 0)
    this.#sender.transmit(this.#memory, VNET_LEN, frame.length)
    this.#sender.flush()
    const poller = new Poller([this.#ring.fd, this.#inside.fd])
    const came = { out: '', byRing: false }
    for (let i = 0; i < rounds; i++) {
      this.#decapsulate(came)
      this.#inside.receive(
        { frame: ({ bytes }, at, len) => void (came.out = seen(bytes.slice(at - VNET_LEN, at + len))) },
        1,
      )
      this.#inside.release()
      if (came.out !== '') return came
      poller.wait(WAIT_MS)
    }
    return { ...came, out: 'nothing' }
  }

  #decapsulate(came: { out: string; byRing: boolean }): void {
    const by = this.#decapsulation
    this.#ring.receive(
      {
        frame: (slab, at, len) => {
          came.byRing = true
          const fate = by.read(slab, at, len)
          if (fate > Fate.GUE) came.out = fates[fate]!
          else if (!this.#tun.write(slab, by.at, by.len)) came.out = 'refused by the TUN device'
        },
      },
      1,
    )
    this.#ring.release()
  }

  close(): void {
    this.detach()
    this.program.close()
    for (const each of [this.#sender, this.#ring, this.#inside, this.#tun]) each.close()
    ip('link del in')
  }
}

/** A packet behind its virtio-net header, of which counts what a receiver must know: not how long the headers are, nor what is behind it. */
function seen(octets: Uint8Array): string {
  const copy = octets.slice(0, VNET_LEN + readU16(octets, VNET_LEN + 2))
  copy[0]! &= 1
  copy.fill(0, 2, 4)
  return hex(copy)
}
