import { cidr, integer, list, Malformed, port, protocol, record, UNSIGNED, type Check, type Protocol } from './check.js'
import { takes } from './shape.js'

export interface PortRange {
  first: number
  last: number
}

/** Gives packets a firewall mark. */
export interface MarkRuleInfo {
  protocol: Protocol
  /** Destination addresses: an address or address/length. */
  to: string
  /** Destination ports; empty: every port. */
  ports: PortRange[]
  mark: number
}

/** The most port ranges of a rule, as in iptables' multiport. */
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
  /** Adds a rule. The last rule that matches a packet sets its mark. */
  'add-mark': takes({ rule }),
  'clear-marks': takes({}),
}
