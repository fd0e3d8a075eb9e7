import { writeSync } from 'node:fs'
import type { Text } from '../../../capture/pcapng-writer.js'
import { Views } from '../../../capture/views.js'

const ROOM = 1 << 16

/** Writes lines to a file, many at a time. */
export class LineWriter {
  readonly #fd: number
  readonly #views = new Views()
  readonly #octets = Buffer.alloc(ROOM)
  #len = 0

  constructor(fd: number) {
    this.#fd = fd
  }
  /** The first `len` octets, at most ROOM. Throws a system error if they cannot be written. */
  readonly write = ({ bytes, len }: Text): void => {
    if (this.#len + len > ROOM) this.flush()
    this.#octets.set(this.#views.of(bytes, 0, len), this.#len)
    this.#len += len
  }
  flush(): void {
    for (let at = 0; at < this.#len;) at += writeSync(this.#fd, this.#octets, at, this.#len - at)
    this.#len = 0
  }
}
