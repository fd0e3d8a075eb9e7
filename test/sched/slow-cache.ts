/** The cache of ipvs-behaviour.md §3.7 by its words, where there are few entries: partial sweeps have their own test. */
export class SlowCache<E extends { addr: number; lastUse: number }> {
  #entries: E[] = []
  #counter = 1
  readonly #expirationMs: number

  constructor(expirationMs: number) {
    this.#expirationMs = expirationMs
  }
  find(addr: number): E | undefined {
    return this.#entries.find(entry => entry.addr === addr)
  }
  add(entry: E): void {
    this.#entries.push(entry)
  }
  remove(entry: E): void {
    this.#entries = this.#entries.filter(other => other !== entry)
  }
  tick(now: number): void {
    if (this.#counter % 30 !== 0) {
      this.#counter++
      return
    }
    this.#entries = this.#entries.filter(entry => now < entry.lastUse + this.#expirationMs)
    this.#counter = 1
  }
}
