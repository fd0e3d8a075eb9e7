import type { IcmpErrors } from '../../forward/icmp-error.js'
import type { Packet } from '../../packet/packet.js'
import { Verdict } from '../../packet/verdict.js'
import { IcmpType } from '../../wire/icmp.js'
import { IPV4_MIN_LEN, IpOption } from '../../wire/ipv4.js'

/**
 * Checks the options. A malformed one is answered by a parameter problem that points at the wrong octet; the error comes
 * from the packet's destination if that is ours (case malformed: pointer 22). A source route is dropped, like Linux's
 * default. Others pass unchanged: we record neither routes nor times.
 */
export function checkIpOptions(packet: Packet, errors: IcmpErrors, isToUs: boolean, nowMs: number): Verdict {
  const { ip } = packet
  const fault = faultIn(packet)
  if (fault === SOURCE_ROUTED) return Verdict.DROP_SOURCE_ROUTE
  if (fault === 0) return Verdict.PASS
  const from = isToUs ? ip.dstAddr : undefined
  errors.send(packet, IcmpType.PARAMETER_PROBLEM, 0, fault << 24, from, nowMs)
  return Verdict.DROP_IP_OPTIONS
}

const SOURCE_ROUTED = -1

/** Octets from the IP header's start to the wrong octet; 0: none, SOURCE_ROUTED: a well-formed source route. */
function faultIn(packet: Packet): number {
  const { ip, ipAt } = packet
  const { view: dv } = packet.slab
  const { headerLen } = ip
  let sourceRouted = false
  for (let i = IPV4_MIN_LEN; i < headerLen;) {
    const type = dv.getUint8(ipAt + i)
    if (type === IpOption.END) {
      clearBehindEnd(packet, i + 1)
      break
    }
    if (type === IpOption.NOP) {
      i++
      continue
    }
    if (i + 1 >= headerLen) return i
    const len = dv.getUint8(ipAt + i + 1)
    if (len < 2 || i + len > headerLen) return i
    const fault = optionFault(dv, ipAt + i, type, len)
    if (fault !== 0) return i + fault
    if (type === IpOption.LOOSE_SOURCE_ROUTE || type === IpOption.STRICT_SOURCE_ROUTE) sourceRouted = true
    i += len
  }
  return sourceRouted ? SOURCE_ROUTED : 0
}

/** Zeroes the octets behind the end-of-options option, as Linux does (case host-options). */
function clearBehindEnd({ ip, ipAt, slab }: Packet, from: number): void {
  for (let i = from; i < ip.headerLen; i++) if (slab.view.getUint8(ipAt + i) !== 0) ip.rewriteOption(i, 0)
}

/** The same for one option, in octets from its start. */
function optionFault(dv: DataView, at: number, type: number, len: number): number {
  switch (type) {
    case IpOption.LOOSE_SOURCE_ROUTE:
    case IpOption.STRICT_SOURCE_ROUTE:
    case IpOption.RECORD_ROUTE: {
      if (len < 3) return 1
      const pointer = dv.getUint8(at + 2)
      if (pointer < 4) return 2
      // Room is left, but not for a whole address.
      return type === IpOption.RECORD_ROUTE && pointer <= len && pointer + 3 > len ? 2 : 0
    }
    case IpOption.TIMESTAMP:
      if (len < 4) return 1
      return dv.getUint8(at + 2) < 5 ? 2 : 0
    case IpOption.ROUTER_ALERT:
      return len < 4 ? 1 : 0
    default:
      return 0
  }
}
