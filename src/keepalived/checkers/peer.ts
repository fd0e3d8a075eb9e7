import type { CheckTarget } from '../config/tree/checker.js'

/** Whom a check asks, and from where. */
export interface Peer {
  readonly address: string
  /** 0 for a check without ports. */
  readonly port: number
  readonly localAddress?: string
  readonly localPort?: number
  /** SO_BINDTODEVICE. */
  readonly interface?: string
  /** SO_MARK; 0: none. */
  readonly fwmark: number
}

/** connect_ip and connect_port, else the real server's own; bindto, bind_port, bind_if, fwmark. */
export function peerOf(checker: CheckTarget, server: { readonly address: string; readonly port: number }): Peer {
  return {
    address: checker.connectIp ?? server.address,
    port: checker.connectPort ?? server.port,
    fwmark: checker.fwmark,
    ...(checker.bindTo !== undefined && { localAddress: checker.bindTo }),
    ...(checker.bindPort !== undefined && { localPort: checker.bindPort }),
    ...(checker.bindInterface !== undefined && { interface: checker.bindInterface }),
  }
}

export function isIpv6(address: string): boolean {
  return address.includes(':')
}

/** `10.1.2.1:80`, `[2001:db8::1]:80`. */
export function withPort({ address, port }: Peer): string {
  return isIpv6(address) ? `[${address}]:${port}` : `${address}:${port}`
}
