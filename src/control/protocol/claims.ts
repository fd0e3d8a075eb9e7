import { flag, optional } from './check.js'
import { takes } from './shape.js'

/** Another host that says by ARP that it has one of the director's addresses. */
export interface ClaimInfo {
  address: string
  mac: string
  link: string
  /** How often it said so. */
  count: number
  /** The addresses that are known to be at that MAC: a real server's, say. */
  hosts: string[]
}

export const claims = {
  /**
   * Who claims the director's addresses, since it was last asked with `ask`. With it the director asks by ARP, on their links, who has the VIPs and
   * where the real servers are; the answers are there a moment later.
   */
  claims: takes({ ask: optional(flag) }).returns<ClaimInfo[]>(),
}
