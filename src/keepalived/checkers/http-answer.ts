import { createHash, type Hash } from 'node:crypto'

/** A header longer than this is none. */
const MOST_HEADER = 64 * 1024
/** So much of a body is kept for a regex. */
const MOST_KEPT = 1024 * 1024
/** A body longer than this is no answer to a check. */
const MOST_BODY = 256 * 1024 * 1024

/** What is wanted of the body: its MD5, its octets, or nothing. */
export interface BodyWanted {
  readonly digest: boolean
  readonly text: boolean
}

/**
 * An HTTP answer, taken in pieces. It is whole where its Content-Length, its last chunk or its status say so, not only when the server
 * closes: keepalived waits for that, and a server that keeps the connection open fails there. Header lines may end with LF alone.
 */
export class HttpAnswer {
  /** 0: no status line as it must be. */
  status = 0
  bodyLength = 0
  /** Octets of the header, its empty line too. */
  headLength = 0
  /** That the header promises. */
  contentLength: number | undefined
  #head = ''
  #inBody = false
  #isChunked = false
  #tail = ''
  readonly #hash: Hash | undefined
  readonly #kept: Buffer[] | undefined

  constructor({ digest, text }: BodyWanted) {
    this.#hash = digest ? createHash('md5') : undefined
    this.#kept = text ? [] : undefined
  }

  /** Takes octets; true: nothing more is to come. */
  take(octets: Buffer): boolean {
    if (this.#inBody) return this.#takeBody(octets)
    const searchFrom = Math.max(0, this.#head.length - 3)
    this.#head += octets.toString('latin1')
    const end = /\r?\n\r?\n/g
    end.lastIndex = searchFrom
    const found = end.exec(this.#head)
    if (found === null) return this.#head.length > MOST_HEADER
    this.headLength = found.index + found[0].length
    const rest = this.#head.slice(this.headLength)
    this.#readHead(this.#head.slice(0, found.index))
    return this.#takeBody(Buffer.from(rest, 'latin1'))
  }

  /** The header came to its end. */
  get hasHeader(): boolean {
    return this.#inBody
  }

  /** MD5 of the body as it came, sizes of chunks included; hexadecimal, lower case. */
  digest(): string {
    return this.#hash!.digest('hex')
  }

  /** The body as it came, an octet a character. */
  text(): string {
    return Buffer.concat(this.#kept!).toString('latin1')
  }

  #readHead(head: string): void {
    this.#inBody = true
    const [first = '', ...lines] = head.split(/\r?\n/)
    this.status = Number(/^HTTP\/\d+(?:\.\d+)? ([1-9]\d\d) /i.exec(first)?.[1] ?? 0)
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^:\s]+)\s*:\s*(.*?)\s*$/.exec(line) ?? []
      if (/^content-length$/i.test(name) && /^\d{1,15}$/.test(value)) this.contentLength = Number(value)
      else if (/^transfer-encoding$/i.test(name) && /chunked$/i.test(value)) this.#isChunked = true
    }
  }

  #takeBody(octets: Buffer): boolean {
    this.bodyLength += octets.length
    this.#hash?.update(octets)
    if (this.#kept && this.bodyLength - octets.length < MOST_KEPT) this.#kept.push(octets)
    if (this.bodyLength > MOST_BODY || this.status === 204 || this.status === 304) return true
    if (!this.#isChunked) return this.contentLength !== undefined && this.bodyLength >= this.contentLength
    this.#tail = (this.#tail + octets.toString('latin1', Math.max(0, octets.length - 7))).slice(-7)
    return /(^|\r\n)0\r\n\r\n$/.test(this.#tail)
  }
}
