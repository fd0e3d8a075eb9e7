import { execute, localControl } from '../../src/control/operations/execute.js'
import type { Control, OperationName, Reply, Request } from '../../src/control/protocol/api.js'
import { Director } from '../../src/director/director.js'
import type { KernelRoute, KernelState } from '../../src/director/kernel-follower.js'
import { FrontChoice } from '../../src/packet/front-choice.js'
import type { Egress, Slab } from '../../src/packet/frame.js'
import { maskOf, type Cidr, type Ipv4Addr } from '../../src/wire/addr.js'
import { ETHERNET_LEN } from '../../src/wire/ethernet.js'
import { readU16 } from '../support/octets.js'
import { serviceSettings } from '../support/settings.js'
import { address, ADDRESSES, cidr, GATEWAY, kernelsNetwork, LINKS, NEIGHBOURS, VIPS } from './rig-network.js'

const IPV4_TYPE = 0x0800
const MACS_LEN = 12
const UNUSED_MARK = 0x75767300

/**
 * The rule of the comparison beside the kernel: a frame that the front leaves, or that uvs gives back, is handled by a Linux host
 * without IPVS. That host is played by a director without services of the case, which the recordings hold to be one (host-addresses,
 * host-closed, host-options, icmp-echo, no-service): it answers pings, closed ports and bad options, and forwards. What uvs and that
 * host send together must be what the kernel with IPVS sent alone. Nothing that is to be rewritten, scheduled or counted can come
 * from the host, for it has no services but one that no packet is for: as with IPVS, and unlike without, that has it put datagrams in
 * pieces together before it forwards them, in the pieces that they came in. So they can be compared frame by frame.
 *
 * It holds the rig's addresses and routes, and `ip route` lines change them.
 */
export class KernelBeside {
  /** Which frames uvs takes. */
  readonly front = new FrontChoice('beside')
  readonly #host: Director
  readonly #hostControl: Control
  #network = kernelsNetwork()

  constructor(egress: Egress, now: number) {
    this.#host = new Director({
      links: LINKS,
      egress,
      addresses: ADDRESSES,
      vips: VIPS,
      routes: [`default=${GATEWAY}`],
      neighbours: NEIGHBOURS,
      seed: 2,
      maxConnections: 64,
      now,
      icmpRatelimit: 0,
    })
    this.#hostControl = localControl(this.#host)
  }

  get network(): KernelState {
    return this.#network
  }

  /** Whether the front takes the frame: IPv4, to this host alone, and then as its program decides. */
  isTaken(link: number, frame: Uint8Array): boolean {
    const { mac } = this.#network.links[link]!
    const isToUs = frame.length >= ETHERNET_LEN && readU16(frame, 0) === mac.hi && readU32(frame, 2) === mac.lo
    if (!isToUs || readU16(frame, MACS_LEN) !== IPV4_TYPE) return false
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
    return this.front.takes(view, ETHERNET_LEN, frame.length - ETHERNET_LEN)
  }

  /** Returns the host's verdict. */
  receive(link: number, slab: Slab, at: number, len: number): number {
    return this.#host.receive(this.#host.links[link]!, slab, at, len)
  }

  poll(now: number): void {
    this.#host.poll(now)
  }

  /** Requests to the director; those about addresses and routes change the host's, which the director follows. */
  controlOf(director: Director): Control {
    const uvs = localControl(director)
    return {
      call: async <O extends OperationName>(request: Request<O>): Promise<Reply<O>> => {
        const changed = this.#changed(request as Request)
        if (changed === undefined) {
          const reply = await uvs.call(request)
          this.#balances(director.balancing.count > 0)
          return reply
        }
        const reply = await this.#hostControl.call(request)
        if (reply.ok) {
          this.#network = changed
          director.follow(changed)
        }
        return reply
      },
    }
  }

  #balances(isOn: boolean): void {
    if (isOn === this.#host.balancing.count > 0) return
    const service = { mark: UNUSED_MARK } as const
    if (isOn) execute(this.#host, { op: 'add-service', service, settings: serviceSettings('rr') })
    else execute(this.#host, { op: 'delete-service', service })
  }

  /** The network after an `ip route` line; undefined for another request. */
  #changed(request: Request): KernelState | undefined {
    const { held, heldBlocks, routes } = this.#network
    switch (request.op) {
      case 'add-route':
        return this.#with({ routes: [...without(routes, cidr(request.to)), routeOf(request)] })
      case 'delete-route':
        return this.#with({ routes: without(routes, cidr(request.to)) })
      case 'add-vip':
      case 'delete-vip': {
        const block = cidr(request.cidr)
        const isThere = request.op === 'add-vip'
        if (block.prefix === 32) return this.#with({ held: toggled(held, block.addr, each => each, isThere) })
        return this.#with({ heldBlocks: toggled(heldBlocks, block, blockText, isThere) })
      }
      default:
        return undefined
    }
  }

  #with(changes: Partial<KernelState>): KernelState {
    return { ...this.#network, ...changes }
  }
}

function routeOf({ to, gateway, port, mtu }: Request<'add-route'>): KernelRoute {
  const link = LINKS.findIndex(({ name }) => name === (port ?? LINKS[0].name))
  return { to: cidr(to), way: { link, gateway: gateway === undefined ? undefined : address(gateway) }, mtu }
}

function without(routes: readonly KernelRoute[], block: Cidr): KernelRoute[] {
  return routes.filter(({ to }) => blockText(to) !== blockText(block))
}

function toggled<T>(all: readonly T[], one: T, keyOf: (each: T) => unknown, isThere: boolean): T[] {
  const others = all.filter(each => keyOf(each) !== keyOf(one))
  return isThere ? [...others, one] : others
}

function blockText({ addr, prefix }: Cidr): string {
  return `${(addr & maskOf(prefix)) as Ipv4Addr}/${prefix}`
}

function readU32(octets: Uint8Array, at: number): number {
  return readU16(octets, at) * 0x10000 + readU16(octets, at + 2)
}
