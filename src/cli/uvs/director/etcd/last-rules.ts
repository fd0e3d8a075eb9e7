import { join } from 'node:path'
import { integer, list, record, text } from '../../../../control/protocol/check.js'
import type { FleetKeys } from '../../../../fleet/fleet-keys.js'
import type { FleetKv } from '../../../../fleet/fleet-rules.js'
import { putChanges, type RulesUpdate } from '../../../../fleet/follow/rules-update.js'
import { messageOf } from '../../../../linux/error-text.js'
import { appendOwnFile, ownDirectory, readOwnFile, writeOwnFile } from '../../../../linux/own-file.js'

/*
 * The file's first line has all keys as of a moment. A line for each change since follows, for a change is to cost the same whatever the
 * number of keys; before they are as long as the first line, all is written anew. A director that is killed leaves the last line cut off.
 */

/** Octets. A hundred thousand services are some 100 MB. */
const MOST = 512 * 1024 * 1024
const any = text('a text', () => true)
const kvs = list(record({ key: any, value: any, modRevision: integer(0, Number.MAX_SAFE_INTEGER) }), 1_000_000)
const all = record({ version: integer(1, 1), prefix: any, kvs })
const change = record({ put: kvs, deleted: list(any, 1_000_000) })

/** How long after an application the file is written, ms, and how many times as long as it took: changes often come in rows. */
const WRITE_MS = 500
const SHARE = 20
/** So much of changes is written in any case, and no more than so much, octets. */
const CHANGES_MIN = 64 * 1024
const CHANGES_MAX = 64 * 1024 * 1024

/** The keys that the rules were last made of, in a file: for a start when etcd does not answer. */
export class LastRules {
  readonly path: string
  readonly #directory: string
  readonly #prefix: string
  readonly #tell: (line: string) => void
  readonly #kvs = new Map<string, FleetKv>()
  /** Not yet in the file; undefined: all. */
  #changes: Map<string, FleetKv | undefined> | undefined
  /** Octets of the first line, and of all; the file is not known to hold what was kept unless there are some. */
  #sizes: { first: number; all: number } | undefined
  #timer: NodeJS.Timeout | undefined
  #tookMs = 0

  constructor(directory: string, { prefix }: FleetKeys, tell: (line: string) => void) {
    this.#directory = directory
    this.#prefix = prefix
    this.#tell = tell
    this.path = join(directory, `rules${prefix.replaceAll('/', '-')}.json`)
  }

  /** Undefined: there are none that can be used; why is told, unless there is no file. */
  load(): FleetKv[] | undefined {
    try {
      const found = readOwnFile(this.path, 1, MOST)
      if (found === undefined) return undefined
      const [first = '', ...lines] = found.split('\n')
      const { prefix, kvs } = all(JSON.parse(first), this.path)
      lines.pop() // empty, or cut off
      if (prefix === this.#prefix) return changed(kvs, lines, this.path)
      this.#tell(`${this.path}: the rules are those of ${prefix}, and not used`)
    } catch (error) {
      this.#tell(`the last rules that were seen are not used (${this.path}): ${messageOf(error)}`)
    }
    return undefined
  }

  /** Writes what has changed soon; the first time it is all. */
  keep({ isWhole, kvs }: Pick<RulesUpdate, 'isWhole' | 'kvs'>): void {
    if (isWhole) this.#kvs.clear()
    putChanges(this.#kvs, kvs)
    if (isWhole) this.#changes = undefined
    else for (const [key, kv] of kvs) this.#changes?.set(key, kv)
    this.#timer ??= setTimeout(() => this.#write(), Math.max(WRITE_MS, SHARE * this.#tookMs))
  }

  close(): void {
    if (this.#timer !== undefined) this.#write()
  }

  #write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const began = performance.now()
    const changes = this.#changes
    try {
      this.#changes = undefined // as long as it is not written
      ownDirectory(this.#directory, 0o700)
      if (!changes || !this.#append(changes)) this.#writeAll()
      this.#changes = new Map()
    } catch (error) {
      this.#tell(`the rules cannot be kept for a start without etcd: ${messageOf(error)}`)
    }
    this.#tookMs = performance.now() - began
  }

  /** Returns whether it did. */
  #append(changes: ReadonlyMap<string, FleetKv | undefined>): boolean {
    const { first, all } = this.#sizes ?? { first: 0, all: 0 }
    const put = [...changes.values()].filter(kv => kv !== undefined)
    const deleted = [...changes.keys()].filter(key => !changes.get(key))
    const line = `${JSON.stringify({ put, deleted })}\n`
    const more = Buffer.byteLength(line)
    if (all - first + more > Math.min(Math.max(first, CHANGES_MIN), CHANGES_MAX)) return false
    if (!appendOwnFile(this.path, line, all)) return false
    this.#sizes = { first, all: all + more }
    return true
  }

  #writeAll(): void {
    const kvs = [...this.#kvs.values()]
    const line = `${JSON.stringify({ version: 1, prefix: this.#prefix, kvs })}\n`
    writeOwnFile(this.path, line, true)
    const first = Buffer.byteLength(line)
    this.#sizes = { first, all: first }
  }
}

/** The keys with the changes of lines, sorted. */
function changed(kvs: readonly FleetKv[], lines: readonly string[], where: string): FleetKv[] {
  const found = new Map(kvs.map(kv => [kv.key, kv]))
  for (const [i, line] of lines.entries()) {
    const { put, deleted } = change(JSON.parse(line), `${where}, line ${i + 2}`)
    for (const key of deleted) found.delete(key)
    for (const kv of put) found.set(kv.key, kv)
  }
  return [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
}
