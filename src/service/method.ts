/** Forwarding methods by the kernel's numbers (ipvs-behaviour.md §4.2). FULLNAT's is DPVS's. */
export const Method = { MASQ: 0, TUNNEL: 2, DIRECT: 3, FULLNAT: 5 } as const
export type Method = (typeof Method)[keyof typeof Method]

/**
 * Whether the real server answers the client itself. The director mostly sees no answer; one that it sees already comes
 * from the VIP.
 */
export function isOneWay(method: Method): boolean {
  return method === Method.DIRECT || method === Method.TUNNEL
}
/** Whether connections to the real server come from an address and port of the director (LIP). */
export function hasLocalSide(method: Method): boolean {
  return method === Method.FULLNAT
}

/** The headers that a tunnel puts before a packet (ipvs-behaviour.md §6.7). */
export const TunnelType = { IPIP: 0, GUE: 1, GRE: 2 } as const
export type TunnelType = (typeof TunnelType)[keyof typeof TunnelType]

/** Bits of a tunnel's flags. None: --tun-nocsum. REMCSUM: the receiver completes a partial checksum. */
export const TunnelFlag = { CSUM: 1, REMCSUM: 2 } as const

/** ipvsadm's --tun-… options. */
export interface Tunnel {
  readonly type: TunnelType
  /** UDP port of GUE; 0 with the others. */
  readonly port: number
  /** TunnelFlag bits. */
  readonly flags: number
}

export const PLAIN_IPIP: Tunnel = { type: TunnelType.IPIP, port: 0, flags: 0 }

/** How a FULLNAT service tells its real servers the client's address. */
export const ClientAddress = { NONE: 0, TOA: 1, PROXY_V1: 2, PROXY_V2: 3 } as const
export type ClientAddress = (typeof ClientAddress)[keyof typeof ClientAddress]
