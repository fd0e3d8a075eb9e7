import type { Ipv4Addr } from '../wire/addr.js'

/**
 * The client's side of a connection: protocol, caddr:cport → vaddr:vport. One object, filled in for every packet: read it,
 * do not keep it.
 */
export interface Flow {
  protocol: number
  caddr: Ipv4Addr
  cport: number
  vaddr: Ipv4Addr
  vport: number
}

/** A flow to be filled in, packet after packet. */
export function emptyFlow(): Flow {
  return { protocol: 0, caddr: 0 as Ipv4Addr, cport: 0, vaddr: 0 as Ipv4Addr, vport: 0 }
}
