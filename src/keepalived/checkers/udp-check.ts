import type { UdpCheck } from '../config/tree/checker.js'
import { down, UP, type CheckResult } from './check-result.js'
import type { CheckSockets } from './check-sockets.js'
import { exchange } from './datagram-exchange.js'
import type { Peer } from './peer.js'

const USUAL_PAYLOAD = Buffer.from('keepalived check - keepalived ch')

/** UDP_CHECK: without require_reply silence is a success too, an ICMP error is none; with it a reply of the right length and digits. */
export function checkUdp(
  checker: UdpCheck,
  peer: Peer,
  sockets: CheckSockets,
  signal: AbortSignal,
): Promise<CheckResult> {
  const request = checker.payload ?? USUAL_PAYLOAD
  const received = (reply: Buffer): CheckResult => judgeReply(checker, reply)
  const timedOut = (): CheckResult => (checker.requireReply ? noReply(checker) : UP)
  return exchange({ request, received, timedOut }, peer, checker.connectTimeoutMs, sockets, signal)
}

function noReply({ connectTimeoutMs }: UdpCheck): CheckResult {
  return down(`no reply within ${connectTimeoutMs} ms`)
}

/** Digits are compared as far as both go, as keepalived does. */
export function judgeReply(checker: UdpCheck, reply: Buffer): CheckResult {
  if (!checker.requireReply) return UP
  const { length } = reply
  if (length < checker.minReplyLength) return down(`a reply of ${length} octets, less than ${checker.minReplyLength}`)
  if (length > checker.maxReplyLength) return down(`a reply of ${length} octets, more than ${checker.maxReplyLength}`)
  const wanted = checker.reply?.toLowerCase() ?? ''
  const digits = reply.toString('hex')
  for (let i = 0; i < Math.min(wanted.length, digits.length); i++) {
    if (wanted[i] !== 'x' && wanted[i] !== digits[i]) return down(`another reply: ${digits.slice(0, 64)}`)
  }
  return UP
}
