import { Direction } from '../../../conn/direction.js'
import { IN_PKTS, type ConnIndex } from '../../../conn/record.js'
import type { Director } from '../../../director/director.js'
import type { FlowKeeper } from '../../../director/offload/flow-keeper.js'
import { whyHere } from '../../../director/offload/why-here.js'
import type { LookUp } from '../../../director/path/witness.js'
import type { Link } from '../../../packet/link.js'
import type { ExplainedOffload, OffloadStanding } from '../../protocol/explain.js'

/** Of packets that the program could forward. It forwards no ICMP error. */
const DIRECTION_OF: Partial<Record<LookUp, Direction>> = {
  inbound: Direction.INBOUND,
  outbound: Direction.OUTBOUND,
  fullnat: Direction.OUTBOUND,
}

/**
 * Whether the flow program forwards the packets of this flow, or why not; undefined: the director has no program, or the packet is of
 * none of its flows. `from`: by which link the packet came, `to`: by which it is to leave, where there is a route.
 */
export function offloadStep(
  director: Director,
  conn: ConnIndex,
  by: LookUp,
  from: Link,
  to: Link | undefined,
): ExplainedOffload | undefined {
  const direction = DIRECTION_OF[by]
  const { flows, conns } = director
  if (flows === undefined || direction === undefined) return undefined
  const standing = standingOf(director, flows, conn, direction, from, to)
  const step = { step: 'offload', way: direction === Direction.INBOUND ? 'inbound' : 'outbound', standing } as const
  if (standing !== 'young') return step
  return { ...step, after: flows.when.after(conn, direction), packets: conns.table.words[conn + IN_PKTS]! }
}

function standingOf(
  { conns, sysctls }: Director,
  flows: FlowKeeper,
  conn: ConnIndex,
  direction: Direction,
  from: Link,
  to: Link | undefined,
): OffloadStanding {
  if (!flows.serves(from)) return 'noProgram'
  const why = whyHere(conns, flows, sysctls, conn, direction) ?? 'forwarded'
  const isFree = why === 'due' || why === 'watched'
  return isFree && to && !flows.serves(to) ? 'noWay' : why
}
