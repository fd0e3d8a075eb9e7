import type { TcpConnection, TcpHandler } from './tcp-connection.js'

const END_OF_HEAD = '\r\n\r\n'

/** An HTTP server that answers every request with the same body and closes, as `ab` without -k expects. */
export class HttpServer {
  /** Requests answered. */
  answered = 0
  readonly #answer: Uint8Array

  constructor(body: string) {
    const head = ['HTTP/1.1 200 OK', `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close']
    this.#answer = Buffer.from(head.join('\r\n') + END_OF_HEAD + body)
  }

  /** Makes the handler of one connection, for `TcpEndpoint.listen`. */
  readonly accept = (): TcpHandler => {
    let request = ''
    return {
      data: (conn: TcpConnection, octets: Uint8Array) => {
        request += Buffer.from(octets).toString('latin1')
        if (!request.endsWith(END_OF_HEAD)) return
        request = ''
        this.answered++
        conn.write(this.#answer)
        conn.end()
      },
    }
  }
}
