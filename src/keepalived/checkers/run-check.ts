import { reasonOf } from '../../linux/error-text.js'
import type { MiscCheck, PortChecker, TcpCheck, Url } from '../config/tree/checker.js'
import { down, type CheckResult } from './check-result.js'
import type { CheckSockets } from './check-sockets.js'
import { checkDns } from './dns-check.js'
import { checkHttp } from './http-get.js'
import { checkMisc } from './misc-check.js'
import { peerOf, type Peer } from './peer.js'
import { checkPing } from './ping-check.js'
import { checkSmtp } from './smtp-check.js'
import { checkUdp } from './udp-check.js'

/** What a check needs besides its own options. */
export interface CheckSurroundings {
  readonly server: { readonly address: string; readonly port: number }
  /** Of HTTP_GET and SSL_GET: which url's turn it is. */
  readonly url?: Url
  /** The real server's virtualhost, else the virtual server's. */
  readonly host?: string
  readonly scriptUser?: string
  readonly scriptGroup?: string
  readonly sockets: CheckSockets
}

/** All but TCP_CHECK, where nothing is said. */
type AskedCheck = Exclude<PortChecker, TcpCheck>

/** Does one check. Never rejects: what fails here, such as a source address that the host has not, is the check's failure too. */
export async function runCheck(
  checker: AskedCheck | MiscCheck,
  around: CheckSurroundings,
  signal: AbortSignal,
): Promise<CheckResult> {
  try {
    if (checker.kind === 'MISC_CHECK') return await checkMisc(checker, around.scriptUser, around.scriptGroup, signal)
    return await askPeer(checker, peerOf(checker, around.server), around, signal)
  } catch (error) {
    return down(reasonOf(error))
  }
}

function askPeer(
  checker: AskedCheck,
  peer: Peer,
  { url, host, sockets }: CheckSurroundings,
  signal: AbortSignal,
): Promise<CheckResult> {
  switch (checker.kind) {
    case 'HTTP_GET':
    case 'SSL_GET':
      return checkHttp(checker, url ?? checker.urls[0]!, host, peer, sockets, signal)
    case 'UDP_CHECK':
      return checkUdp(checker, peer, sockets, signal)
    case 'DNS_CHECK':
      return checkDns(checker, peer, sockets, signal)
    case 'SMTP_CHECK':
      return checkSmtp(checker, peer, sockets, signal)
    case 'PING_CHECK':
      return checkPing(checker, peer, sockets, signal)
  }
}
