/** Something that happened, as a page's reader is told. */
export interface Event {
  /** Unix time, in ms. */
  at: number
  kind: 'rules' | 'drain' | 'login' | 'vrrp' | 'health'
  who?: string
  text: string
}

/** Of a kind: a hundred servers that go down take no change of rules out of sight. */
const KEPT = 15
const TEXT_MAX = 300

/** What happened last, the newest first. */
export class Events {
  #all: Event[] = []

  add(kind: Event['kind'], text: string, who?: string): void {
    const shown = text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text
    const kept = this.#all.filter(event => event.kind === kind).slice(0, KEPT - 1)
    this.#all = [
      { at: Date.now(), kind, ...(who !== undefined && { who }), text: shown },
      ...this.#all.filter(event => event.kind !== kind || kept.includes(event)),
    ]
  }

  get all(): readonly Event[] {
    return this.#all
  }
}
