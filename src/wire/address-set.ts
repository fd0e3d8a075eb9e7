import type { Ipv4Addr } from './addr.js'

/** Slots at the beginning: a power of two. */
const LEAST_SLOTS = 64

/**
 * A set of IPv4 addresses that every packet looks up: open addressing over an Int32Array, at most a quarter full, so that a
 * lookup mostly reads one slot. 0.0.0.0, which marks an empty slot, is kept apart.
 */
export class AddressSet {
  #slots = new Int32Array(LEAST_SLOTS)
  #mask = LEAST_SLOTS - 1
  #size = 0
  #hasZero = false

  has(addr: Ipv4Addr): boolean {
    if (addr === 0) return this.#hasZero
    const slots = this.#slots
    const mask = this.#mask
    let slot = (Math.imul(addr, 0x9e3779b1) >>> 15) & mask
    for (;;) {
      const found = slots[slot]!
      if (found === addr) return true
      if (found === 0) return false
      slot = (slot + 1) & mask
    }
  }

  add(addr: Ipv4Addr): void {
    if (addr === 0) this.#hasZero = true
    if (this.has(addr)) return
    if ((this.#size + 1) * 4 > this.#slots.length) this.#grow()
    this.#put(addr)
  }

  /** Deletes by backward shift: entries behind the hole move up, so that no probe stops at it too early. */
  delete(addr: Ipv4Addr): void {
    if (addr === 0) this.#hasZero = false
    if (addr === 0 || !this.has(addr)) return
    const slots = this.#slots
    const mask = this.#mask
    let free = this.#slotOf(addr)
    while (slots[free] !== addr) free = (free + 1) & mask
    for (let slot = (free + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const wanted = this.#slotOf(slots[slot]! as Ipv4Addr)
      if (((slot - wanted) & mask) < ((slot - free) & mask)) continue
      slots[free] = slots[slot]!
      free = slot
    }
    slots[free] = 0
    this.#size--
  }

  clear(): void {
    this.#slots.fill(0)
    this.#size = 0
    this.#hasZero = false
  }

  #put(addr: Ipv4Addr): void {
    let slot = this.#slotOf(addr)
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask
    this.#slots[slot] = addr
    this.#size++
  }
  #slotOf(addr: Ipv4Addr): number {
    return (Math.imul(addr, 0x9e3779b1) >>> 15) & this.#mask
  }
  #grow(): void {
    const before = this.#slots
    this.#slots = new Int32Array(before.length * 2)
    this.#mask = this.#slots.length - 1
    this.#size = 0
    for (const addr of before) if (addr !== 0) this.#put(addr as Ipv4Addr)
  }
}
