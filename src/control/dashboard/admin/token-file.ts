import { createHash, timingSafeEqual } from 'node:crypto'
import { lstatSync } from 'node:fs'
import { messageOf } from '../../../linux/error-text.js'
import { readOwnFile } from '../../../linux/own-file.js'

/* Who may change rules: a line `NAME TOKEN` for each, or a token alone. Only the owner may read the file. It is read again when it changes. */

const READABLE_BY_OTHERS = 0o077
const FILE_MAX = 64 * 1024
/** Characters: 16 of base64 are 96 bits. */
const TOKEN_LEAST = 16
/** Whose token it is if the line says no name. */
const NAMELESS = 'admin'

interface Entry {
  name: string
  digest: Buffer
}

export class TokenFile {
  readonly #path: string
  readonly #tell: (line: string) => void
  #entries: readonly Entry[]
  #seen: string

  /** Throws an Error of one line, after the option's name, if the file is not fit. `tell` is told if it becomes so later: then nobody may change anything. */
  constructor(path: string, tell: (line: string) => void) {
    this.#path = path
    this.#tell = tell
    this.#seen = look(path)
    this.#entries = read(path)
  }

  /** The name of whose token it is; undefined: nobody's. It takes as long whichever token is how alike. */
  nameOf(token: string): string | undefined {
    return this.nameOfDigest(digestOf(token))
  }
  /** The same of a token's digest. */
  nameOfDigest(digest: Buffer): string | undefined {
    return this.#find(digest)?.name
  }

  #find(digest: Buffer): Entry | undefined {
    this.#refresh()
    let found: Entry | undefined
    for (const entry of this.#entries) if (timingSafeEqual(entry.digest, digest)) found = entry
    return found
  }

  #refresh(): void {
    const seen = look(this.#path)
    if (seen === this.#seen) return
    this.#seen = seen
    try {
      this.#entries = read(this.#path)
    } catch (error) {
      this.#entries = []
      this.#tell(`${messageOf(error)}: nobody may change anything`)
    }
  }
}

export function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** What changes when the file does. */
function look(path: string): string {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  return stat ? [stat.ino, stat.mode, stat.uid, stat.size, stat.mtimeMs, stat.ctimeMs].join(' ') : ''
}

function read(path: string): Entry[] {
  const option = '--http-admin: '
  let text: string | undefined
  try {
    text = readOwnFile(path, 1, FILE_MAX)
  } catch (error) {
    throw new Error(`${option}${messageOf(error)}`, { cause: error })
  }
  if (text === undefined) throw new Error(`${option}there is no ${path}`)
  const { mode } = lstatSync(path)
  if (mode & READABLE_BY_OTHERS)
    throw new Error(
      `${option}others may read ${path} (mode ${(mode & 0o7777).toString(8).padStart(4, '0')}): chmod 600 ${path}`,
    )
  const lines = text
    .split('\n')
    .map((line, at) => ({ words: line.trim().split(/\s+/), place: `${path} line ${at + 1}` }))
  const entries = lines
    .filter(({ words: [first = ''] }) => first !== '' && !first.startsWith('#'))
    .map(({ words, place }) => entryOf(words, place, option))
  if (entries.length === 0) throw new Error(`${option}${path} has no token`)
  return entries
}

/** Never quotes what may be a token. */
function entryOf(words: readonly string[], place: string, option: string): Entry {
  const [name = '', token = ''] = words.length === 1 ? [NAMELESS, ...words] : words
  if (words.length > 2) throw new Error(`${option}${place} is not NAME TOKEN`)
  if (!/^[\w.@-]{1,64}$/.test(name))
    throw new Error(`${option}${place}: the name is not of letters, digits and . _ @ -`)
  if (token.length < TOKEN_LEAST)
    throw new Error(
      `${option}${place}: a token of fewer than ${TOKEN_LEAST} characters: openssl rand -base64 24 makes one`,
    )
  return { name, digest: digestOf(token) }
}
