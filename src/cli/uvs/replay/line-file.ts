import { closeSync, openSync, writeSync } from 'node:fs'

const ROOM = 1 << 16

/** A file that lines are written to, many at a time. */
export class LineFile {
  readonly #fd: number
  #text = ''

  /** Throws a system error if it cannot be written. */
  constructor(path: string) {
    this.#fd = openSync(path, 'w')
  }
  readonly write = (line: string): void => {
    this.#text += line
    if (this.#text.length >= ROOM) this.flush()
  }
  flush(): void {
    const octets = Buffer.from(this.#text)
    this.#text = ''
    for (let at = 0; at < octets.length;) at += writeSync(this.#fd, octets, at)
  }
  close(): void {
    this.flush()
    closeSync(this.#fd)
  }
}
