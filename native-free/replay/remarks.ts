import type { AddressTexts } from './address-texts.js'
import { Found, type Decision } from './decision.js'
import { octetsOf, type TextOctets } from './text-octets.js'

/** A frame's number in the capture, when and where it came. */
export interface Arrival {
  frame: number
  seconds: number
  nanoseconds: number
  interface: string
}

const [SEMICOLON, COMMA, TO, SECONDS] = ['; ', ', ', ' > ', ' s'].map(octetsOf) as [Octets, Octets, Octets, Octets]
const [ABOUT, OPENED, WAS, ENDED] = ['about ', 'opened, ', '; its connection, ', ', has ended'].map(octetsOf) as [
  Octets,
  Octets,
  Octets,
  Octets,
]
type Octets = Uint8Array

/** Writes the comment of a frame that came in and of those that were sent for it, without their beginnings: one line, ASCII. */
export function putRemark(into: TextOctets, verdict: Octets, decision: Decision): void {
  const { found, flow, connection, stateBefore, stateAfter, timeout } = decision
  into.clear().put(verdict)
  if (found === Found.NONE) return
  if (found === Found.ENDED) return void into.put(WAS).put(stateBefore).put(ENDED)
  into.put(SEMICOLON)
  if (flow.isError) into.put(ABOUT)
  into.put(connection.remark).put(SEMICOLON)
  if (found === Found.OPENED) into.put(OPENED)
  else if (stateBefore !== stateAfter) into.put(stateBefore).put(TO)
  into.put(stateAfter).put(COMMA).number(timeout).put(SECONDS)
}

const FIELDS = {
  frame: octetsOf('{"frame":'),
  time: octetsOf(',"time":"'),
  dot: octetsOf('.'),
  interface: octetsOf('","interface":"'),
  verdict: octetsOf('","verdict":"'),
  quote: octetsOf('"'),
  from: octetsOf(',"from":"'),
  to: octetsOf('","to":"'),
  error: octetsOf(',"errorAbout":{"from":"'),
  colon: octetsOf(':'),
  brace: octetsOf('}'),
  comma: octetsOf(','),
  before: octetsOf(',"stateBefore":"'),
  after: octetsOf(',"stateAfter":"'),
  timeout: octetsOf('","timeout":'),
  sent: octetsOf(',"sent":'),
  end: octetsOf('}\n'),
}

/** Writes a line of --json: docs/replay.md. `sent`: how many frames were sent for it. */
export function putLine(
  into: TextOctets,
  { frame, seconds, nanoseconds, interface: link }: Arrival,
  verdict: Octets,
  decision: Decision,
  sent: number,
  texts: AddressTexts,
): void {
  into.clear().put(FIELDS.frame).number(frame).put(FIELDS.time).number(seconds).put(FIELDS.dot).number(nanoseconds, 9)
  into.put(FIELDS.interface).put(texts.word(link)).put(FIELDS.verdict).put(verdict).put(FIELDS.quote)
  putPacket(into, decision, texts)
  putConnection(into, decision)
  into.put(FIELDS.sent).number(sent).put(FIELDS.end)
}

function putPacket(into: TextOctets, { flow }: Decision, texts: AddressTexts): void {
  if (!flow.isIp) return
  const { protocol, srcAddr, srcPort, dstAddr, dstPort } = flow
  const isAbout = flow.isError && protocol !== 0
  const hasPorts = protocol !== 0
  into.put(isAbout ? FIELDS.error : FIELDS.from)
  putEndpoint(into, texts, isAbout ? dstAddr : srcAddr, isAbout ? dstPort : srcPort, hasPorts)
  into.put(FIELDS.to)
  putEndpoint(into, texts, isAbout ? srcAddr : dstAddr, isAbout ? srcPort : dstPort, hasPorts)
  into.put(FIELDS.quote)
  if (isAbout) into.put(FIELDS.brace)
}
function putEndpoint(into: TextOctets, texts: AddressTexts, addr: number, port: number, hasPort: boolean): void {
  into.put(texts.address(addr))
  if (hasPort) into.put(FIELDS.colon).number(port)
}
function putConnection(into: TextOctets, { found, connection, stateBefore, stateAfter, timeout }: Decision): void {
  if (found === Found.NONE) return
  if (found !== Found.ENDED) into.put(FIELDS.comma).put(connection.json)
  if (found !== Found.OPENED) into.put(FIELDS.before).put(stateBefore).put(FIELDS.quote)
  if (found !== Found.ENDED) into.put(FIELDS.after).put(stateAfter).put(FIELDS.timeout).number(timeout)
}
