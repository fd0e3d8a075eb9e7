import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../linux/error-text.js'
import { NotifyFifo } from './notify-fifo.js'
import type { NotifyScript } from './notify-runner.js'
import { runScript } from './run-script.js'
import { userIds } from './user-ids.js'

export interface FifoWanted {
  readonly path: string
  readonly user?: string
  readonly group?: string
}

/** What global_defs say of FIFOs, their scripts, and who runs scripts. */
export interface FifoSettings {
  readonly notifyFifo?: FifoWanted
  readonly vrrpNotifyFifo?: FifoWanted
  readonly lvsNotifyFifo?: FifoWanted
  readonly notifyFifoScript?: NotifyScript
  readonly vrrpNotifyFifoScript?: NotifyScript
  readonly lvsNotifyFifoScript?: NotifyScript
  readonly scriptUser?: string
  readonly scriptGroup?: string
}

/** Who hears of what: `all` of both. */
type Kind = 'all' | 'vrrp' | 'lvs'
const KINDS: readonly Kind[] = ['all', 'vrrp', 'lvs']
/** As keepalived names them in its messages. */
const SHOWN: Readonly<Record<Kind, string>> = { all: '', vrrp: 'vrrp ', lvs: 'lvs ' }

/** From the end of what a script reads to its TERM, and from there to its KILL. */
const READS_MS = 500
const GRACE_MS = 1000

interface Wanted {
  readonly fifo: FifoWanted
  readonly script?: NotifyScript
}

/** A FIFO, and the script that reads it. */
interface Channel {
  /** What it was opened for: one that is wanted as before is kept. */
  readonly about: string
  readonly fifo: NotifyFifo
  readonly script?: RunningScript
}

interface RunningScript {
  readonly abort: AbortController
  /** It may end now. */
  isDone: boolean
  readonly ended: Promise<unknown>
}

/** The notify FIFOs of a configuration: lines of virtual routers and of virtual and real servers, for whoever reads them. */
export class NotifyFifos {
  readonly #tell: (line: string) => void
  readonly #channels = new Map<Kind, Channel>()

  constructor(tell: (line: string) => void) {
    this.#tell = tell
  }

  /** Opens what is configured, and starts the scripts. Those that are open for the same already stay, and their scripts go on. */
  async follow(settings: FifoSettings): Promise<void> {
    const wanted = this.#wanted(settings)
    const aboutOf = (kind: Kind): string =>
      JSON.stringify([wanted.get(kind), settings.scriptUser, settings.scriptGroup])
    const old = KINDS.filter(kind => this.#channels.has(kind) && this.#channels.get(kind)?.about !== aboutOf(kind))
    await Promise.all(old.map(kind => this.#end(kind)))
    for (const [kind, channel] of wanted)
      if (!this.#channels.has(kind)) this.#begin(kind, channel, aboutOf(kind), settings)
  }

  /** A line of a virtual router. */
  vrrp(line: string): void {
    this.#channels.get('all')?.fifo.write(line)
    this.#channels.get('vrrp')?.fifo.write(line)
  }

  /** A line of a virtual or a real server. */
  lvs(line: string): void {
    this.#channels.get('all')?.fifo.write(line)
    this.#channels.get('lvs')?.fifo.write(line)
  }

  /** Scripts may read to the end, then they are ended; FIFOs that were made here go. */
  async close(): Promise<void> {
    await Promise.all([...this.#channels.keys()].map(kind => this.#end(kind)))
  }

  #wanted(settings: FifoSettings): Map<Kind, Wanted> {
    const given: Readonly<Record<Kind, readonly [FifoWanted | undefined, NotifyScript | undefined]>> = {
      all: [settings.notifyFifo, settings.notifyFifoScript],
      vrrp: [settings.vrrpNotifyFifo, settings.vrrpNotifyFifoScript],
      lvs: [settings.lvsNotifyFifo, settings.lvsNotifyFifoScript],
    }
    const found = new Map<Kind, Wanted>()
    for (const kind of KINDS) {
      const [fifo, script] = given[kind]
      if (fifo === undefined) continue
      const same = [...found].find(([, { fifo: other }]) => other.path === fifo.path)?.[0]
      if (same === undefined) found.set(kind, { fifo, ...(script && { script }) })
      else
        this.#tell(
          `notify FIFO ${fifo.path} has been specified for ${same === 'all' ? 'global' : same} and ${kind} FIFO - ignoring ${kind} FIFO`,
        )
    }
    return found
  }

  #begin(kind: Kind, { fifo: { path, user, group }, script }: Wanted, about: string, settings: FifoSettings): void {
    const owner = this.#idsOf(user, group, settings)
    if (owner === 'nobody') {
      this.#tell(`Invalid user/group for ${SHOWN[kind]}fifo ${path} - ignoring`)
      return
    }
    let fifo: NotifyFifo
    try {
      fifo = new NotifyFifo(path, owner, this.#tell)
    } catch (error) {
      this.#tell(`notify FIFO ${path}: nothing is written there: ${messageOf(error)}`)
      return
    }
    const running = script && this.#run(kind, script, path, settings)
    this.#channels.set(kind, { about, fifo, ...(running && { script: running }) })
  }

  /** With the FIFO's path as its last word. It is not started again: who reads otherwise is the administrator's to say. */
  #run(kind: Kind, script: NotifyScript, path: string, settings: FifoSettings): RunningScript | undefined {
    const as = this.#idsOf(script.user, script.group, settings)
    if (as === 'nobody') {
      this.#tell(`script '${script.text}': there is no user ${script.user ?? settings.scriptUser}`)
      return undefined
    }
    const abort = new AbortController()
    const { signal } = abort
    const words = [...script.words, path]
    const end = runScript({ words, timeoutMs: 0, signal, patienceMs: GRACE_MS, ...(as && { as }) })
    const running: RunningScript = { abort, isDone: false, ended: end }
    void end.then(how => {
      const why = how.kind === 'not run' ? `: ${how.why}` : ''
      if (!running.isDone) this.#tell(`${SHOWN[kind]}notify fifo script terminated${why}`)
    })
    return running
  }

  /** Undefined: as this process. */
  #idsOf(
    user: string | undefined,
    group: string | undefined,
    settings: FifoSettings,
  ): ReturnType<typeof userIds> | 'nobody' {
    // prettier-ignore
    const name = user ?? settings.scriptUser
    if (name === undefined) return undefined
    return userIds(name, user === undefined ? settings.scriptGroup : group) ?? 'nobody'
  }

  async #end(kind: Kind): Promise<void> {
    const channel = this.#channels.get(kind)
    if (!channel) return
    this.#channels.delete(kind)
    const { fifo, script } = channel
    if (script) script.isDone = true
    fifo.close()
    if (script) {
      const timer = new AbortController()
      await Promise.race([script.ended, sleep(READS_MS, undefined, { signal: timer.signal }).catch(() => {})])
      timer.abort()
      script.abort.abort()
      await script.ended
    }
    fifo.remove()
  }
}
