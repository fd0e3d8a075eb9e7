import { Worker, type ResourceLimits } from 'node:worker_threads'
import { HttpRefusal } from '../../../../control/dashboard/answers.js'
import type { Linted, LintedService, RulesWork, Taken, Wanted } from '../../../../control/dashboard/rules-work.js'
import type { Control, MarkRuleInfo, ServiceKey } from '../../../../control/protocol/api.js'
import { jsonOfReply } from '../../../../control/protocol/reply-json.js'
import { messageOf } from '../../../../linux/error-text.js'
import { KEPT_MS } from './kept-plans.js'
import type { DeskData, FromDesk, ToDesk, Work } from './messages.js'

/** A thread that nobody has asked for so long ends, and gives its memory back, in ms: no plan of it counts any more. */
const IDLE_MS = KEPT_MS + 60_000

/** A plan of 10 000 services of five real servers takes less than 256 MB; one of 330 000 marks, all that 4 MiB can say, fits. */
const LIMITS: ResourceLimits = { maxOldGenerationSizeMb: 1024 }

const DIED = 'the thread that works on rules has died'

interface Waiting {
  resolve: (value: unknown) => void
  reject: (error: Error) => void
}

/** A rules desk in a thread of its own, which begins with the first that asks. */
export class ThreadedDesk implements RulesWork {
  readonly #data: DeskData
  readonly #control: Control
  readonly #marks: () => readonly MarkRuleInfo[]
  readonly #limits: ResourceLimits
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #idle: NodeJS.Timeout | undefined
  #nextId = 0

  /** `control`: the director, which is read. */
  constructor(data: DeskData, control: Control, marks: () => readonly MarkRuleInfo[], limits = LIMITS) {
    const { devices, director, schedulers, workers, host, holder, areAnnounced } = data
    this.#data = {
      devices,
      director,
      ...(schedulers && { schedulers }),
      ...(workers && { workers }),
      ...(host && { host }),
      ...(holder && { holder }),
      ...(areAnnounced && { areAnnounced }),
    }
    this.#control = control
    this.#marks = marks
    this.#limits = limits
  }

  plan(wanted: Wanted): Promise<string> {
    return this.#ask({ name: 'plan', wanted })
  }
  take(plan: string, from: number): Promise<Taken> {
    return this.#ask({ name: 'take', plan, from })
  }
  lint(): Promise<Linted>
  lint(service: ServiceKey): Promise<LintedService>
  lint(service?: ServiceKey): Promise<Linted | LintedService> {
    return this.#ask({ name: 'lint', service })
  }

  close(): void {
    void this.#worker?.terminate()
    this.#end('the director ends')
  }

  #ask<T>(work: Work): Promise<T> {
    const worker = (this.#worker ??= this.#begin())
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.close(), IDLE_MS).unref()
    return new Promise<T>((resolve, reject) => {
      const id = this.#nextId++
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject })
      worker.postMessage({ id, work, marks: this.#marks() } satisfies ToDesk)
    })
  }

  #begin(): Worker {
    const worker = new Worker(new URL('desk-thread.js', import.meta.url), {
      workerData: this.#data,
      resourceLimits: this.#limits,
    })
    worker.unref()
    worker.on('message', (message: FromDesk) => {
      if ('read' in message) void this.#read(worker, message)
      else this.#settle(message)
    })
    // The director goes on, and the next who asks begins another.
    const died = (why: string): void => {
      if (this.#worker === worker) this.#end(why)
    }
    worker.once('error', error => died(this.#whyDied(error)))
    worker.once('exit', status => died(`${DIED}: status ${status}`))
    return worker
  }

  #whyDied(error: Error): string {
    if (!('code' in error) || error.code !== 'ERR_WORKER_OUT_OF_MEMORY') return `${DIED}: ${messageOf(error)}`
    return `working on these rules takes more than ${this.#limits.maxOldGenerationSizeMb} MB of memory: try fewer at a time`
  }

  async #read(worker: Worker, { read, request }: Extract<FromDesk, { read: number }>): Promise<void> {
    let json: string
    try {
      json = jsonOfReply(await this.#control.call(request))
    } catch (error) {
      json = JSON.stringify({ ok: false, refusal: 'EPROTO', message: messageOf(error) })
    }
    worker.postMessage({ read, json } satisfies ToDesk)
  }

  #settle(message: Exclude<FromDesk, { read: number }>): void {
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if ('value' in message) waiting?.resolve(message.value)
    else waiting?.reject(new HttpRefusal(message.refused.status, message.refused.message))
  }

  #end(why: string): void {
    clearTimeout(this.#idle)
    this.#worker = undefined
    for (const { reject } of this.#waiting.values()) reject(new HttpRefusal(503, why))
    this.#waiting.clear()
  }
}
