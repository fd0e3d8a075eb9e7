import { closeSync, existsSync, openSync, readSync } from 'node:fs'

const PIECE = 1 << 16

/** Reads a file that grows: each call gives the whole lines that have come since the last. One that is not there yet has none. */
export class FollowedFile {
  #at = 0
  #rest = ''

  constructor(readonly path: string) {}

  lines(): string[] {
    if (!existsSync(this.path)) return []
    const fd = openSync(this.path, 'r')
    try {
      const piece = Buffer.alloc(PIECE)
      for (let read; (read = readSync(fd, piece, 0, PIECE, this.#at)) > 0; this.#at += read)
        this.#rest += piece.toString('latin1', 0, read)
    } finally {
      closeSync(fd)
    }
    const lines = this.#rest.split('\n')
    this.#rest = lines.pop()!
    return lines
  }
}
