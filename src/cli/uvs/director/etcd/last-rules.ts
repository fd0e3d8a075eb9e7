import { join } from 'node:path'
import { integer, list, record, text } from '../../../../control/protocol/check.js'
import type { FleetKeys } from '../../../../fleet/fleet-keys.js'
import type { FleetKv } from '../../../../fleet/fleet-rules.js'
import { messageOf } from '../../../../linux/error-text.js'
import { ownDirectory, readOwnFile, writeOwnFile } from '../../../../linux/own-file.js'

/** Octets. A hundred thousand services are some 100 MB. */
const MOST = 512 * 1024 * 1024
const any = text('a text', () => true)
const contents = record({
  version: integer(1, 1),
  prefix: any,
  kvs: list(record({ key: any, value: any, modRevision: integer(0, Number.MAX_SAFE_INTEGER) }), 1_000_000),
})

/** How long after an application the file is written, ms, and how many times as long as it took: changes often come in rows. */
const WRITE_MS = 500
const SHARE = 20

/** The keys that the rules were last made of, in a file: for a start when etcd does not answer. */
export class LastRules {
  readonly path: string
  readonly #directory: string
  readonly #prefix: string
  readonly #tell: (line: string) => void
  #kvs: readonly FleetKv[] | undefined
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
      const { prefix, kvs } = contents(JSON.parse(found), this.path)
      if (prefix === this.#prefix) return kvs
      this.#tell(`${this.path}: the rules are those of ${prefix}, and not used`)
    } catch (error) {
      this.#tell(`the last rules that were seen are not used (${this.path}): ${messageOf(error)}`)
    }
    return undefined
  }

  /** Writes them soon. */
  keep(kvs: readonly FleetKv[]): void {
    this.#kvs = kvs
    this.#timer ??= setTimeout(() => this.#write(), Math.max(WRITE_MS, SHARE * this.#tookMs))
  }

  close(): void {
    if (this.#timer !== undefined) this.#write()
  }

  #write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const began = performance.now()
    try {
      ownDirectory(this.#directory, 0o700)
      writeOwnFile(this.path, `${JSON.stringify({ version: 1, prefix: this.#prefix, kvs: this.#kvs })}\n`, true)
    } catch (error) {
      this.#tell(`the rules cannot be kept for a start without etcd: ${messageOf(error)}`)
    }
    this.#tookMs = performance.now() - began
  }
}
