import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Control } from '../../protocol/api.js'
import { HttpRefusal } from '../answers.js'
import { within } from '../../metrics/metrics.js'
import { OverviewReader, type Told } from './overview.js'
import { rowsJson, type RowsOf } from './rows.js'
import { ServiceIndex } from './service-index.js'
import { Stream } from './stream.js'
import type { View } from './view.js'

/* Server-sent events: a tick a second for as long as somebody listens. What streams have in common is read and written as JSON once,
 * and rows once for all streams of the same view. */

const TICK_MS = 1000
/** How long to wait for the director. */
const PATIENCE_MS = 5000
export const STREAMS_MAX = 64
/** Of one address: browsers behind a proxy have one. */
export const STREAMS_EACH = 32

export class Live {
  readonly #reader: OverviewReader
  readonly #of: RowsOf
  readonly #streams = new Set<Stream>()
  #timer: NodeJS.Timeout | undefined
  #isTicking = false
  /** The last overview's JSON without its closing brace, until the next. */
  #overview: { json: Promise<string>; at: number } | undefined
  /** Rows since the last overview, by the view's name. */
  readonly #rows = new Map<string, Promise<string>>()

  constructor(control: Control, workers: number, told: Told) {
    this.#reader = new OverviewReader(control, workers, told)
    const changedAt = (): number => told.events.all.find(({ kind }) => kind === 'rules')?.at ?? 0
    const index = new ServiceIndex(control, changedAt)
    this.#of = { control, index, healthOf: service => this.#reader.healthOf(service), texts: new Map() }
  }

  /** Begins a stream, with a tick at once. */
  async join(request: IncomingMessage, response: ServerResponse, view: View): Promise<void> {
    const from = request.socket.remoteAddress ?? ''
    const ofAddress = [...this.#streams].filter(({ address }) => address === from).length
    if (this.#streams.size >= STREAMS_MAX || ofAddress >= STREAMS_EACH)
      throw new HttpRefusal(
        503,
        `too many streams: ${this.#streams.size} are open, ${ofAddress} of them from ${from}`,
        5,
      )
    const stream = new Stream(request, response, view)
    this.#streams.add(stream)
    response.once('close', () => this.#leave(stream))
    this.#timer ??= setInterval(() => void this.#tick(), TICK_MS).unref()
    await this.#send(view.name, [stream])
  }

  close(): void {
    for (const stream of this.#streams) stream.close()
    clearInterval(this.#timer)
  }

  #leave(stream: Stream): void {
    this.#streams.delete(stream)
    if (this.#streams.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async #tick(): Promise<void> {
    if (this.#isTicking) return
    this.#isTicking = true
    try {
      this.#overview = undefined
      for (const [name, streams] of this.#byView()) await this.#send(name, streams)
    } finally {
      this.#isTicking = false
    }
  }

  #byView(): Map<string, Stream[]> {
    const all = new Map<string, Stream[]>()
    for (const stream of this.#streams) {
      const same = all.get(stream.view.name)
      if (same) same.push(stream)
      else all.set(stream.view.name, [stream])
    }
    return all
  }

  /** Never rejects: of a director that does not answer the streams are told. */
  async #send(name: string, streams: readonly Stream[]): Promise<void> {
    const event = await this.#event(name, streams[0]!.view).catch((error: Error) =>
      Buffer.from(`event: trouble\ndata: ${JSON.stringify({ message: error.message })}\n\n`),
    )
    for (const stream of streams) if (this.#streams.has(stream)) stream.send(event)
  }

  async #event(name: string, view: View): Promise<Buffer> {
    const overview = await this.#sharedOverview()
    let rows = this.#rows.get(name)
    if (!rows) {
      rows = within(PATIENCE_MS, rowsJson(this.#of, view))
      this.#rows.set(name, rows)
    }
    return Buffer.from(`event: tick\ndata: ${overview},"services":${await rows}}\n\n`)
  }

  #sharedOverview(): Promise<string> {
    if (this.#overview && performance.now() - this.#overview.at < TICK_MS) return this.#overview.json
    this.#rows.clear()
    this.#of.texts.clear()
    const json = within(PATIENCE_MS, this.#reader.read()).then(read => JSON.stringify(read).slice(0, -1))
    this.#overview = { json, at: performance.now() }
    return json
  }
}
