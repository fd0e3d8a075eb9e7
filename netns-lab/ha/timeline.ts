/** Events come from several places, a bit late: they are held back for so long, and printed in the order of their times. */
const HELD_MS = 300
const NAME_WIDTH = 7

interface Event {
  atMs: number
  who: string
  text: string
}

/** Prints what happens: seconds since the beginning, who, what. Times are ms since 1970. */
export class Timeline {
  readonly #events: Event[] = []

  constructor(
    readonly beganMs: number,
    readonly print: (line: string) => void,
  ) {}

  add(atMs: number, who: string, text: string): void {
    this.#events.push({ atMs, who, text })
  }

  /** Prints what is older than the time that is held back; all of it at the end. */
  flush(nowMs: number): void {
    this.#events.sort((a, b) => a.atMs - b.atMs)
    const ready = this.#events.findIndex(({ atMs }) => atMs > nowMs - HELD_MS)
    const events = this.#events.splice(0, ready < 0 ? this.#events.length : ready)
    for (const { atMs, who, text } of events) this.print(`${this.#seconds(atMs)}  ${who.padEnd(NAME_WIDTH)} ${text}`)
  }

  #seconds(atMs: number): string {
    return ((atMs - this.beganMs) / 1000).toFixed(2).padStart(6)
  }
}
