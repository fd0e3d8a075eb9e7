import { networkInterfaces } from 'node:os'
import { parseIpv4, type Ipv4Addr } from '../wire/addr.js'

/** How long, in ms, a new address of this host may go unnoticed. */
const STALE = 1000

/** This host's IPv4 addresses, read again, at most once a second, when an address is not among them. */
export class HostAddresses {
  #addresses: ReadonlySet<Ipv4Addr> = read()
  #asked = performance.now()

  /** As they were read last. */
  get all(): ReadonlySet<Ipv4Addr> {
    return this.#addresses
  }

  has(addr: Ipv4Addr): boolean {
    if (this.#addresses.has(addr)) return true
    const now = performance.now()
    if (now - this.#asked < STALE) return false
    this.#asked = now
    this.#addresses = read()
    return this.#addresses.has(addr)
  }
}

function read(): Set<Ipv4Addr> {
  const held = Object.values(networkInterfaces()).flatMap(each => each ?? [])
  return new Set(held.flatMap(({ family, address }) => (family === 'IPv4' ? (parseIpv4(address) ?? []) : [])))
}
