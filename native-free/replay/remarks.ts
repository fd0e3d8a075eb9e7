import type { AddressTexts } from './address-texts.js'
import { Found, type Decision } from './decision.js'

/** A frame's number in the capture, when and where it came, and its verdict's name. */
export interface Arrival {
  frame: number
  seconds: number
  nanoseconds: number
  interface: string
  verdict: string
}

/** The comment of a frame that came in and of those that were sent for it, without their beginnings: one line, ASCII. */
export function remarkOf(verdict: string, decision: Decision): string {
  const { found, flow, connection, stateBefore, stateAfter, timeout } = decision
  if (found === Found.NONE) return verdict
  if (found === Found.ENDED) return `${verdict}; its connection, ${stateBefore}, has ended`
  const about = flow.isError ? 'about ' : ''
  const before = found === Found.OPENED ? 'opened, ' : stateBefore === stateAfter ? '' : `${stateBefore} > `
  return `${verdict}; ${about}${connection.remark}; ${before}${stateAfter}, ${timeout} s`
}

/** A line of --json: docs/replay.md. `sent`: how many frames were sent for it. */
export function verdictLine(
  { frame, seconds, nanoseconds, interface: link, verdict }: Arrival,
  decision: Decision,
  sent: number,
  texts: AddressTexts,
): string {
  const time = `${seconds}.${String(nanoseconds).padStart(9, '0')}`
  const head = `{"frame":${frame},"time":"${time}","interface":"${link}","verdict":"${verdict}"`
  return `${head}${packetOf(decision, texts)}${connectionOf(decision)},"sent":${sent}}\n`
}

function packetOf({ flow }: Decision, texts: AddressTexts): string {
  if (!flow.isIp) return ''
  const { protocol, srcAddr, srcPort, dstAddr, dstPort, isError } = flow
  const from = protocol === 0 ? texts.address(srcAddr) : texts.endpoint(srcAddr, srcPort)
  const to = protocol === 0 ? texts.address(dstAddr) : texts.endpoint(dstAddr, dstPort)
  return isError && protocol !== 0 ? `,"errorAbout":{"from":"${to}","to":"${from}"}` : `,"from":"${from}","to":"${to}"`
}
function connectionOf({ found, connection, stateBefore, stateAfter, timeout }: Decision): string {
  if (found === Found.NONE) return ''
  if (found === Found.ENDED) return `,"stateBefore":"${stateBefore}"`
  const before = found === Found.OPENED ? '' : `"stateBefore":"${stateBefore}",`
  return `,${connection.json},${before}"stateAfter":"${stateAfter}","timeout":${timeout}`
}
