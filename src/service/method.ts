/** How a real server is reached, with the kernel's numbers (ipvs-behaviour.md §4.2); FULLNAT is ours, as DPVS has it. */
export const Method = { MASQ: 0, TUNNEL: 2, DIRECT: 3, FULLNAT: 5 } as const
export type Method = (typeof Method)[keyof typeof Method]

/** Real servers answer their clients themselves: the director may see no answer, and what it sees is the virtual service's already. */
export function isOneWay(method: Method): boolean {
  return method === Method.DIRECT || method === Method.TUNNEL
}
/** Connections to real servers come from an address and a port of the director's own. */
export function hasLocalSide(method: Method): boolean {
  return method === Method.FULLNAT
}

/** What a tunnel puts before a packet (ipvs-behaviour.md §6.7). */
export const TunnelType = { IPIP: 0, GUE: 1, GRE: 2 } as const
export type TunnelType = (typeof TunnelType)[keyof typeof TunnelType]

/** Bits of a tunnel's flags, none being --tun-nocsum; with REMCSUM, what an offload left undone is told, not done. */
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

/** How a FULLNAT service tells its real servers who the client is. */
export const ClientAddress = { NONE: 0, TOA: 1, PROXY_V1: 2, PROXY_V2: 3 } as const
export type ClientAddress = (typeof ClientAddress)[keyof typeof ClientAddress]
