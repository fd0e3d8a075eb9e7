/** The most clients served at a time. */
export const CLIENTS_MAX = 64
/** The most clients that wait for a seat. */
export const QUEUE_MAX = 64
/** How long a client waits for a seat before it is refused, in ms. */
export const QUEUE_MS = 5000
/** A client that was silent for so long, in ms, loses its seat to a waiting one. */
export const SILENT_MS = 1000
const LOOK_MS = 100

/** A client that may get a seat. */
export interface Sitter {
  /** Called when it gets its seat. */
  seated(): void
  /** The time of its last request, in ms; undefined while one is being answered. */
  readonly silentSince: number | undefined
  /** It loses its seat or gets none: it must send the reason and disconnect. */
  dismiss(why: string): void
  /** Disconnects at once. */
  abandon(): void
  /** The client calls it when it has gone. */
  gone: () => void
}

/** The clients that are served. Silent ones keep their seats until another client needs one. */
export class Seats<S extends Sitter> {
  /** In the order of seating. */
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
  /** Frees the seat of the client silent longest. Returns false if all are busy. */
  #clear(): boolean {
    let longest: S | undefined
    for (const client of this.#seated)
      if ((client.silentSince ?? Infinity) < (longest?.silentSince ?? Infinity)) longest = client
    if (!longest || this.#now() - longest.silentSince! < SILENT_MS) return false
    this.#seated.delete(longest)
    longest.dismiss('another client needs the seat of this silent one')
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
