import type { HttpCheck, Url } from '../config/tree/checker.js'
import { withPort, type Peer } from './peer.js'

/**
 * The octets of a request, as keepalived sends them. The host is the virtualhost of the url, of the checker, or `host` (that of the real
 * or virtual server); else address and port, with the port even when it is the usual one.
 */
export function httpRequest(checker: HttpCheck, url: Url, peer: Peer, host: string | undefined): string {
  const version = checker.httpProtocol === '1.0' ? '1.0' : '1.1'
  const close = checker.httpProtocol === '1.0' ? '' : 'Connection: close\r\n'
  const name = url.virtualhost ?? checker.virtualhost ?? host ?? withPort(peer)
  return `GET ${url.path} HTTP/${version}\r\nUser-Agent: KeepAliveClient\r\n${close}Host: ${name}\r\n\r\n`
}
