import { decode } from '../support/frames.js'
import { checksum, concat, macOctets, u16 } from '../support/octets.js'
import type { RecordedCase, SideFrame, Step } from './case.js'

const DIRECTOR = '02:00:00:00:02:01'
const REAL_SERVER = '02:00:00:00:02:11'

/**
 * The frames that uvs is to send in a step: those recorded, but for one kernel bug that it does not copy. When a
 * destination's method is edited, the kernel routes an old direct-route connection by the new method, and its client
 * gets ICMP 3/1; in uvs it keeps its method and next hop. Only the two steps of `method-change` that record the bug
 * are expected otherwise.
 */
export function expectedOut(recorded: RecordedCase, step: Step): SideFrame[] {
  if (recorded.name !== 'method-change' || step.kind !== 'send' || step.out.length !== 1) return step.out
  const { 'icmp.type': type, 'icmp.code': code } = decode(step.out[0]!.frame)
  if (type !== 3 || code !== 1) return step.out
  return [{ side: 'r', frame: directRouted(step.send.frame) }]
}

/** The frame to 10.99.2.11, with one hop less to live. */
function directRouted(frame: Uint8Array): Uint8Array {
  const routed = Uint8Array.from(frame)
  routed.set(concat(macOctets(REAL_SERVER), macOctets(DIRECTOR)))
  routed[22]!--
  routed.set(u16(0), 24)
  routed.set(u16(checksum(routed.slice(14, 34))), 24)
  return routed
}
