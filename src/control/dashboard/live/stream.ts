import type { IncomingMessage, ServerResponse } from 'node:http'
import type { View } from './view.js'

/** A client that has not taken what was sent for so many ticks is dropped. */
const PATIENCE_TICKS = 15

/** A browser's stream of ticks. It is sent the next tick only when it has taken the one before, so no client makes them pile up. */
export class Stream {
  readonly view: View
  readonly address: string
  readonly #response: ServerResponse
  #isFull = false
  #missed = 0

  constructor(request: IncomingMessage, response: ServerResponse, view: View) {
    this.view = view
    this.address = request.socket.remoteAddress ?? ''
    this.#response = response
    response.on('drain', () => {
      this.#isFull = false
      this.#missed = 0
    })
    // Half a connection is enough for other answers (metrics/http.ts), but a browser that goes to another page closes its half of this one.
    request.socket.once('end', () => this.close())
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
  }

  send(event: Buffer): void {
    if (!this.#isFull) this.#isFull = !this.#response.write(event)
    else if (++this.#missed >= PATIENCE_TICKS) this.close()
  }

  close(): void {
    this.#response.destroy()
  }
}
