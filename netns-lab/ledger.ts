import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ownDirectory } from '../src/linux/own-file.js'
import { end, groupOf, identify, isAlive, must, type ProcessId, run } from './proc.js'

/** Where labs keep their ledgers and files; like namespaces and processes, /run begins empty after a reboot. */
const ROOT = '/run/uvs-lab'

/** Only the owner may enter the folder, so the modes of the files in it do not matter. */
const ROOT_MODE = 0o700

/** Set in the environment of every process that a lab starts, to the lab's prefix. */
export const MARK = 'UVS_LAB'

interface Entries {
  /** The process that removes the lab at its end; none if it was built to stay (`uvs lab up`). */
  owner: ProcessId | null
  processes: (ProcessId & { what: string })[]
  /** Its namespaces, by their names without prefix. */
  spaces?: string[]
}

/** The usual names of a lab's namespaces. */
const USUAL = /^(client|director|lb\d|router|rs\d|wire(-\w+)?)$/

/** Another user's lab with the same prefix exists. */
export class LabStands extends Error {}

/**
 * What a lab makes, noted before it is made so that a later process can remove it, should the
 * maker die by SIGKILL. TAPs, bridges and veths need no entry: they go with the namespaces. If a ledger is lost, only the
 * namespaces with the lab's prefix and a usual name are removed: others with that prefix may belong to another program.
 */
export class Ledger {
  /** The lab's own files; removed with it. */
  readonly dir: string
  readonly #entries: Required<Entries>

  private constructor(
    readonly prefix: string,
    entries: Required<Entries>,
  ) {
    this.dir = dirOf(prefix)
    this.#entries = entries
  }

  /** Begins a lab, after removing what dead owners left of any lab. Throws LabStands if a lab with this prefix is alive. */
  static async open(prefix: string, { stays = false } = {}): Promise<Ledger> {
    ownDirectory(ROOT, ROOT_MODE)
    await Ledger.sweep()
    const owner = stays ? null : (identify(process.pid) ?? null)
    // Made under another name and then renamed, so that a concurrent sweep sees a whole ledger or none.
    const made = mkdtempSync(join(ROOT, '.new-'))
    const ledger = new Ledger(prefix, { owner, processes: [], spaces: [] })
    ledger.#write(made)
    try {
      renameSync(made, ledger.dir)
    } catch {
      rmSync(made, { recursive: true })
      const pid = Ledger.find(prefix)?.ownerPid
      throw new LabStands(pid === undefined ? 'it is up: uvs lab down removes it' : `process ${pid} is running it`)
    }
    await removeNamespaces(prefix, []) // of a lab whose ledger is lost
    return ledger
  }

  /** The ledger of an existing lab. Throws a line if another user may have put it there. */
  static find(prefix: string): Ledger | undefined {
    if (!existsSync(ROOT)) return undefined
    ownDirectory(ROOT, ROOT_MODE)
    try {
      const entries = JSON.parse(readFileSync(join(dirOf(prefix), 'ledger.json'), 'utf8')) as Entries
      return new Ledger(prefix, { ...entries, spaces: entries.spaces ?? [] }) // ledgers of older versions lack it
    } catch {
      return undefined
    }
  }

  /**
   * As `find`; for a folder without a readable ledger one whose owner is dead. A lab that goes while we look may stand again under the
   * same name at once: only what cannot be read twice is lost.
   */
  static #findOrLost(prefix: string): Ledger | undefined {
    const found = Ledger.find(prefix)
    if (found || !existsSync(dirOf(prefix))) return found
    return Ledger.find(prefix) ?? new Ledger(prefix, { owner: { pid: 0, start: '' }, processes: [], spaces: [] })
  }

  /** Removes every lab whose owner is dead. Returns their prefixes. */
  static async sweep(): Promise<string[]> {
    const swept: string[] = []
    for (const name of labDirs()) {
      const ledger = Ledger.#findOrLost(`${name}-`)
      if (!ledger) continue
      const { owner } = ledger.#entries
      if (!owner || isAlive(owner)) continue
      await ledger.remove()
      swept.push(ledger.prefix)
    }
    return swept
  }

  /** Its director's control socket. */
  get control(): string {
    return join(this.dir, 'uvs.sock')
  }

  /** That of the director in a namespace, where there are several. */
  controlIn(space: string): string {
    return join(this.dir, `${space}.sock`)
  }

  /** Undefined for a lab that stays after its builder has ended. */
  get ownerPid(): number | undefined {
    return this.#entries.owner?.pid
  }

  /** Notes a process that the lab has started. */
  add(pid: number, what: string): void {
    const id = identify(pid)
    if (!id) return
    this.#entries.processes.push({ ...id, what })
    this.#write()
  }

  /** Notes a namespace that the lab is about to make. */
  addSpace(name: string): void {
    this.#entries.spaces.push(name)
    this.#write()
  }

  /** Ends the lab's processes, last first, then removes namespaces and files. May be called again. */
  async remove(): Promise<void> {
    const { processes, spaces } = this.#entries
    await end([...processes].reverse())
    await removeNamespaces(this.prefix, spaces, new Set(processes.map(({ pid }) => pid)))
    // All of it goes at once: a concurrent sweep must not see the folder without its ledger.
    if (!existsSync(this.dir)) return
    const gone = mkdtempSync(join(ROOT, '.gone-'))
    try {
      renameSync(this.dir, gone)
    } catch {
      // Another process was faster.
    }
    rmSync(gone, { recursive: true, force: true })
  }

  #write(dir = this.dir): void {
    const file = join(dir, 'ledger.json')
    writeFileSync(`${file}.new`, JSON.stringify(this.#entries))
    renameSync(`${file}.new`, file)
  }
}

const dirOf = (prefix: string): string => join(ROOT, prefix.replace(/-$/, ''))

function labDirs(): string[] {
  if (!existsSync(ROOT)) return []
  return readdirSync(ROOT, { withFileTypes: true }).flatMap(entry =>
    entry.isDirectory() && !entry.name.startsWith('.') ? [entry.name] : [],
  )
}

/** The names of the network namespaces with this prefix, prefix included. */
export async function namespacesOf(prefix: string): Promise<string[]> {
  const list = await must('ip', ['netns', 'list'])
  const names = list.split('\n').map(line => line.split(' ')[0] ?? '')
  return names.filter(name => name.startsWith(prefix))
}

/**
 * Deletes the namespaces with this prefix and one of these names or a usual one. First ends the processes in them that have our
 * mark or belong to one of the groups: an nginx worker has no mark, and outlives its master if that was killed.
 */
async function removeNamespaces(
  prefix: string,
  spaces: readonly string[],
  groups: ReadonlySet<number> = new Set(),
): Promise<void> {
  const isOurs = (pid: number): boolean => bearsMark(pid, prefix) || groups.has(groupOf(pid) ?? -1)
  for (const name of await namespacesOf(prefix)) {
    const short = name.slice(prefix.length)
    if (!spaces.includes(short) && !USUAL.test(short)) continue
    const { out } = await run('ip', ['netns', 'pids', name])
    const pids = out.split('\n').filter(Boolean).map(Number)
    await end(pids.flatMap(pid => (isOurs(pid) ? (identify(pid) ?? []) : [])))
    await run('ip', ['netns', 'delete', name])
  }
}

function bearsMark(pid: number, prefix: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`${MARK}=${prefix}`)
  } catch {
    return false // gone, or not readable by us
  }
}
