import type { Control } from '../protocol/api.js'
import { DirectorMetrics, type MetricsSources } from './director-metrics.js'
import { fleetMetrics } from './fleet-metrics.js'
import { keepalivedMetrics } from './keepalived-metrics.js'
import { serviceMetrics } from './service-metrics.js'

/** A collection is reused for at least FRESH_MS and SHARE times its own duration: collecting takes at most a tenth of a CPU. */
const FRESH_MS = 1000
const SHARE = 10
/** How long to wait for the director. */
const PATIENCE_MS = 9000

/** The response to Prometheus, in pieces. */
export interface Collected {
  contentType: string
  pieces: readonly Buffer[]
}

/** Collects the metrics on request. Requests meanwhile or soon after share the collection. */
export class Metrics {
  readonly #director: DirectorMetrics
  readonly #control: Control
  readonly #etcd: MetricsSources['etcd']
  readonly #freshMs: number
  #collection: Promise<Collected> | undefined

  /** `freshMs`: tests set it to 0. */
  constructor(sources: MetricsSources, freshMs = FRESH_MS) {
    this.#director = new DirectorMetrics(sources)
    this.#control = sources.control
    this.#etcd = sources.etcd
    this.#freshMs = freshMs
  }

  /** Rejects with an Error of one line if the director does not answer. */
  collect(): Promise<Collected> {
    this.#collection ??= this.#begin()
    return this.#collection
  }

  #begin(): Promise<Collected> {
    const began = performance.now()
    const collection = within(PATIENCE_MS, this.#read())
    const forget = (): void => void (this.#collection = undefined)
    collection.then(() => {
      const freshMs = this.#freshMs && Math.max(this.#freshMs, SHARE * (performance.now() - began))
      setTimeout(forget, freshMs).unref()
    }, forget)
    return collection
  }
  async #read(): Promise<Collected> {
    const { contentType } = this.#director
    const ofDirector = Buffer.from(`${(await this.#director.text()).trimEnd()}\n`)
    const ofKeepalived = await keepalivedMetrics(this.#control)
    const ofFleet = await fleetMetrics(this.#control, this.#etcd?.())
    return { contentType, pieces: [ofDirector, ...ofKeepalived, ...ofFleet, ...(await serviceMetrics(this.#control))] }
  }
}

/** The promise, or a rejection if it takes longer than `ms`. */
export function within<T>(ms: number, promised: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the data plane has not answered for ${ms / 1000} s`)), ms)
  })
  return Promise.race([promised, late]).finally(() => clearTimeout(timer))
}
