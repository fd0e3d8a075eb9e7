import type { Socket } from 'node:net'
import type { Control, RefusalName, Reply, Request } from '../protocol/api.js'
import { decodeRequest, protocolRefusal, REQUEST_LINE_MAX } from '../protocol/codec.js'
import { encodeReply } from '../protocol/envelope.js'
import { LineSplitter } from './line-splitter.js'
import type { RequestRate } from './request-rate.js'
import type { Sitter } from './seats.js'

/* 1. the stream is cut into lines; while a line is being answered, at most one more chunk is read
 * 2. a line waits for the rate limit
 * 3. an invalid request is refused; a line that is too long or does not end is refused and ends the connection
 * 4. the reply is sent; the next line is not answered before the client has taken it
 * So a client costs at most the memory of two chunks, a line and a reply. */

export interface ConnectionLimits {
  /** How long a line may take to arrive once it has begun, in ms. */
  lineMs: number
  /** How long a client may take to read a reply, in ms. */
  takeMs: number
}
export const LIMITS: ConnectionLimits = { lineMs: 10_000, takeMs: 10_000 }
/** Is told each request and its reply. */
export type Answered = (request: Request, reply: Reply) => void

export interface ConnectionOptions {
  limits?: ConnectionLimits | undefined
  answered?: Answered | undefined
}
/** How long a client may take to read the last message before it is disconnected, in ms. */
const LINGER_MS = 1000

/** The connection of a client. Its socket is paused until it has a seat (seats.ts). */
export class Connection implements Sitter {
  silentSince: number | undefined = performance.now()
  gone: () => void = () => {}
  readonly #socket: Socket
  readonly #control: Control
  readonly #rate: RequestRate
  readonly #limits: ConnectionLimits
  readonly #answered: Answered | undefined
  readonly #splitter = new LineSplitter(REQUEST_LINE_MAX)
  /** A line is being answered, or the client is reading its reply. */
  #isBusy = false
  #hasEnded = false
  /** We disconnect it, or it has gone. */
  #isOver = false
  /** Ends it if a line or reading a reply takes too long. */
  #deadline: NodeJS.Timeout | undefined

  constructor(
    socket: Socket,
    control: Control,
    rate: RequestRate,
    { limits = LIMITS, answered }: ConnectionOptions = {},
  ) {
    this.#limits = limits
    this.#answered = answered
    this.#socket = socket
    this.#control = control
    this.#rate = rate
    socket.on('error', () => socket.destroy()) // clients may go away at any time
    socket.on('close', () => {
      this.#over()
      this.gone()
    })
  }

  seated(): void {
    const socket = this.#socket
    this.silentSince = performance.now()
    socket.on('data', chunk => this.#read(chunk))
    socket.on('end', () => {
      this.#hasEnded = true
      if (!this.#isBusy && !this.#isOver) this.#bye()
    })
    socket.on('drain', () => {
      this.#stopWaiting()
      this.#next()
    })
    socket.resume()
  }

  dismiss(why: string): void {
    this.#hangUp('EBUSY', why)
  }

  abandon(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    this.#splitter.push(chunk)
    if (this.#isBusy) this.#socket.pause()
    else this.#next()
  }

  /** Takes the next line, or waits for one. */
  #next(): void {
    const line = this.#splitter.next()
    if (this.#splitter.isTooLong) return this.#hangUp('EPROTO', `a line is longer than ${REQUEST_LINE_MAX} bytes`)
    if (line) return this.#begin(line)
    if (this.#isBusy) this.#idle()
    if (!this.#splitter.hasPart || this.#deadline) return
    const { lineMs } = this.#limits
    this.#wait(lineMs, () => this.#hangUp('EPROTO', `a line did not end within ${lineMs / 1000} seconds`))
  }

  #begin(line: Buffer): void {
    this.#stopWaiting()
    this.#isBusy = true
    this.silentSince = undefined
    if (this.#rate.take(line.length, () => void this.#answer(line))) void this.#answer(line)
  }
  #idle(): void {
    this.#isBusy = false
    this.silentSince = performance.now()
    if (this.#hasEnded) this.#bye()
    else if (this.#socket.isPaused()) this.#socket.resume()
  }

  /** The client sends no more. What it has sent may end in half a line. */
  #bye(): void {
    if (this.#splitter.hasPart) this.#hangUp('EPROTO', 'the last line has no newline at its end')
    else this.#socket.end()
  }

  async #answer(line: Buffer): Promise<void> {
    if (this.#isOver) return
    const { id, ...decoded } = decodeRequest(line)
    const reply = await (decoded.ok ? this.#ask(decoded.request) : decoded)
    if (this.#isOver) return
    if (this.#socket.write(encodeReply(reply, id))) this.#next()
    else this.#wait(this.#limits.takeMs, () => this.#socket.destroy())
  }

  async #ask(request: Request): Promise<Reply> {
    try {
      const reply = await this.#control.call(request)
      this.#answered?.(request, reply)
      return reply
    } catch (error) {
      return protocolRefusal(`the director failed: ${String(error)}`)
    }
  }

  #wait(ms: number, then: () => void): void {
    this.#deadline = setTimeout(then, ms).unref()
  }
  #stopWaiting(): void {
    if (this.#deadline) clearTimeout(this.#deadline)
    this.#deadline = undefined
  }

  /** Sends the reason in a line that answers no request, and disconnects. */
  #hangUp(refusal: RefusalName, message: string): void {
    const socket = this.#socket
    this.#over()
    socket.removeAllListeners('data').removeAllListeners('drain')
    socket.end(encodeReply({ ok: false, refusal, message }))
    socket.resume() // unread data would turn the close into a reset, which discards the message
    setTimeout(() => socket.destroy(), LINGER_MS).unref()
  }
  #over(): void {
    this.#stopWaiting()
    this.#isOver = true
  }
}
