/*
 * The path of a frame that the fast one (fast-path.ts) does not take:
 * 1. for us?                        packet/parse      → DROP_ETHERNET_SHORT, DROP_NOT_OURS, DROP_ETHERTYPE
 * 2. ARP                            neigh/arp-input   → its verdict
 * 3. whole IPv4, right virtio header? packet/parse, virtio → DROP_IP_MALFORMED, DROP_IP_CHECKSUM, DROP_VIRTIO_MALFORMED
 * 4. an advert of a virtual router? adverts           → CONSUMED, DROP_ADVERT_QUEUE, DROP_SOURCE_IS_OURS
 * 5. valid addresses?               martian           → DROP_SOURCE_…, DROP_DESTINATION_INVALID, DROP_BROADCAST
 * 6. valid options?                 ip-options        → parameter problem, DROP_IP_OPTIONS, DROP_SOURCE_ROUTE
 * 7. to one of our addresses:       inbound; on PASS host
 *    to any other:                  outbound
 */
import type { ArpInput } from '../../neigh/arp-input.js'
import type { Slab } from '../../packet/frame.js'
import type { Link } from '../../packet/link.js'
import { Packet } from '../../packet/packet.js'
import { parseEthernet, parseIpv4Header } from '../../packet/parse.js'
import { Verdict } from '../../packet/verdict.js'
import { checkVirtio } from '../../packet/virtio.js'
import { EtherType } from '../../wire/ethernet.js'
import * as fromIpv4 from '../../wire/ipv4.js'
import { IpProtocol } from '../../wire/ipv4.js'
import type { ReturnedAnswers } from '../returned-answers.js'
import type { Adverts } from './adverts.js'
import type { Inbound } from './inbound.js'
import { checkIpOptions } from './ip-options.js'
import { checkAddresses } from './martian.js'
import type { HostPrograms } from './host-programs.js'
import type { Outbound } from './outbound.js'
import type { Parts } from './parts.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { DROP_BROADCAST, DROP_ETHERTYPE, DROP_SOURCE_IS_OURS, PASS } = Verdict
const { ARP, IPV4 } = EtherType
const { ICMP } = IpProtocol
const { IPV4_MIN_LEN } = fromIpv4

/** What stands before and behind the parts that all steps share. */
export interface Steps {
  readonly arp: ArpInput
  readonly adverts: Adverts
  readonly returned: ReturnedAnswers
  readonly programs: HostPrograms
  readonly inbound: Inbound
  readonly outbound: Outbound
}

export class WholePath {
  readonly #parts: Parts
  readonly #steps: Steps
  readonly #isSpokesman: boolean
  readonly #packet = new Packet()

  constructor(parts: Parts, steps: Steps, isSpokesman: boolean) {
    this.#parts = parts
    this.#steps = steps
    this.#isSpokesman = isSpokesman
  }

  /** Takes a frame that lies in its slab with headroom before it. */
  receive(link: Link, slab: Slab, at: number, len: number, nowMs: number): Verdict {
    const { ownAddresses, routes, errors } = this.#parts
    const { arp, adverts, returned, programs, outbound } = this.#steps
    const packet = this.#packet.wrap(link.index, slab, at, len)
    let verdict = parseEthernet(packet, link.mac)
    if (verdict !== PASS) return verdict
    const { type } = packet.eth
    if (type === ARP) {
      verdict = arp.receive(packet, link)
      return this.#isSpokesman ? verdict : PASS
    }
    if (type !== IPV4) return DROP_ETHERTYPE
    verdict =
      parseIpv4Header(packet) ||
      checkVirtio(packet) ||
      adverts.receive(packet) ||
      checkAddresses(packet, ownAddresses, routes, programs.hasSent(packet))
    if (verdict === DROP_SOURCE_IS_OURS) returned.note(packet)
    if (verdict !== PASS) return verdict
    const isToUs = ownAddresses.has(packet.ip.dstAddr)
    if (packet.ip.headerLen > IPV4_MIN_LEN) {
      verdict = checkIpOptions(packet, errors, isToUs, nowMs)
      if (verdict !== PASS) return verdict
    }
    return isToUs ? this.#toUs(packet, nowMs) : outbound.receive(packet, nowMs)
  }

  #toUs(packet: Packet, nowMs: number): Verdict {
    const { balancing, host, reassembly } = this.#parts
    const { isGroup } = packet.eth
    if (isGroup && packet.protocol !== ICMP) return DROP_BROADCAST
    if (packet.ip.isFragment) {
      const incomplete = reassembly.receive(packet, true)
      if (incomplete !== PASS) return incomplete
    }
    const verdict = balancing.count > 0 && !isGroup ? this.#steps.inbound.receive(packet, nowMs) : PASS
    return verdict || host.receive(packet, nowMs)
  }
}
