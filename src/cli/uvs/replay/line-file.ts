import { closeSync, openSync, writeSync } from 'node:fs'
import type { Text } from '../../../capture/pcapng-writer.js'
import { Views } from '../../../capture/views.js'

const ROOM = 1 << 16

/** A file that lines are written to, many at a time. */
export class LineFile {
  readonly #fd: number
  readonly #views = new Views()
  readonly #octets = Buffer.alloc(ROOM)
  #len = 0

  /** Throws a system error if it cannot be written. */
  constructor(path: string) {
    this.#fd = openSync(path, 'w')
  }
  /** The first `len` octets, at most ROOM. */
  readonly write = ({ bytes, len }: Text): void => {
    if (this.#len + len > ROOM) this.flush()
    this.#octets.set(this.#views.of(bytes, 0, len), this.#len)
    this.#len += len
  }
  flush(): void {
    for (let at = 0; at < this.#len;) at += writeSync(this.#fd, this.#octets, at, this.#len - at)
    this.#len = 0
  }
  close(): void {
    this.flush()
    closeSync(this.#fd)
  }
}
