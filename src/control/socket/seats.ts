/** Clients that are served at a time. */
export const CLIENTS_MAX = 64
/** More that may wait for a seat. */
export const QUEUE_MAX = 64
/** How long a client that waits for a seat waits before it is told that there is none. */
export const QUEUE_MS = 5000
/** A client that has asked nothing for so long gives its seat up to one that waits. */
export const SILENT_MS = 1000
const LOOK_MS = 100

/** Whoever may have a seat. */
export interface Sitter {
  /** It has one, and may begin. */
  seated(): void
  /** Since when, in ms, nothing has been asked; undefined while something is being answered. */
  readonly silentSince: number | undefined
  /** It loses its seat, or never had one: it is told so, and hung up on. */
  dismiss(why: string): void
  /** Ends it at once. */
  abandon(): void
  /** Told when it has gone, for whatever reason. */
  gone: () => void
}

/** Who is served. Silent clients keep their seats for as long as nobody else wants them. */
export class Seats<S extends Sitter> {
  /** In the order in which they came. */
  readonly #seated = new Set<S>()
  readonly #queue = new Map<S, number>()
  readonly #now: () => number
  #looking: NodeJS.Timeout | undefined

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  admit(client: S): void {
    client.gone = () => this.#leave(client)
    if (this.#seated.size < CLIENTS_MAX || this.#clear()) return this.#seat(client)
    if (this.#queue.size >= QUEUE_MAX) return client.dismiss(full())
    this.#queue.set(client, this.#now() + QUEUE_MS)
    this.#looking ??= setInterval(() => this.#look(), LOOK_MS).unref()
  }

  close(): void {
    clearInterval(this.#looking)
    for (const client of [...this.#queue.keys(), ...this.#seated]) client.abandon()
  }

  #seat(client: S): void {
    this.#queue.delete(client)
    this.#seated.add(client)
    client.seated()
  }
  #leave(client: S): void {
    this.#queue.delete(client)
    if (!this.#seated.delete(client)) return
    const [next] = this.#queue.keys()
    if (next) this.#seat(next)
  }
  /** Takes the seat of the client that has been silent longest; false where all have something to do. */
  #clear(): boolean {
    let longest: S | undefined
    for (const client of this.#seated)
      if ((client.silentSince ?? Infinity) < (longest?.silentSince ?? Infinity)) longest = client
    if (!longest || this.#now() - longest.silentSince! < SILENT_MS) return false
    this.#seated.delete(longest)
    longest.dismiss('others want the place of a client that asks nothing')
    return true
  }
  #look(): void {
    for (const [client, until] of this.#queue) {
      if (this.#clear()) this.#seat(client)
      else if (this.#now() >= until) {
        this.#queue.delete(client)
        client.dismiss(full())
      }
    }
    if (this.#queue.size > 0) return
    clearInterval(this.#looking)
    this.#looking = undefined
  }
}

function full(): string {
  return `there are ${CLIENTS_MAX} clients already, all of them busy`
}
