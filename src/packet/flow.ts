/**
 * The client's side of a connection: protocol, caddr:cport → vaddr:vport. One object, filled in for every packet: read it,
 * do not keep it. Addresses are 32-bit host numbers, signed as in an Int32Array.
 */
export interface Flow {
  protocol: number
  caddr: number
  cport: number
  vaddr: number
  vport: number
}
