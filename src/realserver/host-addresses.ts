import { networkInterfaces } from 'node:os'
import { parseIpv4 } from '../wire/addr.js'

/** How long, in ms, an address may be ours before we know. */
const STALE = 1000

/** This host's IPv4 addresses. They are asked for again, at most once a second, when one is not among them. */
export class HostAddresses {
  #addresses: ReadonlySet<number> = read()
  #asked = performance.now()

  has(addr: number): boolean {
    if (this.#addresses.has(addr)) return true
    const now = performance.now()
    if (now - this.#asked < STALE) return false
    this.#asked = now
    this.#addresses = read()
    return this.#addresses.has(addr)
  }
}

function read(): Set<number> {
  const held = Object.values(networkInterfaces()).flatMap(each => each ?? [])
  return new Set(held.flatMap(({ family, address }) => (family === 'IPv4' ? (parseIpv4(address) ?? []) : [])))
}
