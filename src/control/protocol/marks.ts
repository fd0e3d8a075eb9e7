import { cidr, integer, list, Malformed, port, protocol, record, UNSIGNED, type Check, type Protocol } from './check.js'
import { takes } from './shape.js'

export interface PortRange {
  first: number
  last: number
}

/** Packets that are to carry a firewall mark. */
export interface MarkRuleInfo {
  protocol: Protocol
  /** Destination addresses: an address or address/length. */
  to: string
  /** Destination ports; none: every port. */
  ports: PortRange[]
  mark: number
}

/** As many as iptables' multiport takes. */
const PORTS_MAX = 15

const bounds = record({ first: port, last: port })
const ports: Check<PortRange> = (found, where) => {
  const range = bounds(found, where)
  if (range.first > range.last) throw new Malformed(`${where}: first is above last`)
  return range
}
const rule: Check<MarkRuleInfo> = record({
  protocol,
  to: cidr,
  ports: list(ports, PORTS_MAX),
  mark: integer(0, UNSIGNED),
})

export const marks = {
  /** Sets a firewall mark on some packets. The last rule that fits a packet counts. */
  'add-mark': takes({ rule }),
  'clear-marks': takes({}),
}
