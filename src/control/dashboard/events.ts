/** Something that happened, as a page's reader is told. */
export interface Event {
  /** Unix time, in ms. */
  at: number
  kind: 'rules' | 'drain' | 'login' | 'vrrp' | 'health'
  who?: string
  text: string
}

const KEPT = 30
const TEXT_MAX = 300

/** What happened last, the newest first. */
export class Events {
  #all: Event[] = []

  add(kind: Event['kind'], text: string, who?: string): void {
    const shown = text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text
    this.#all = [
      { at: Date.now(), kind, ...(who !== undefined && { who }), text: shown },
      ...this.#all.slice(0, KEPT - 1),
    ]
  }

  get all(): readonly Event[] {
    return this.#all
  }
}
