import { connect, type Socket } from 'node:net'
import type { Control, OperationName, Reply, Request } from '../protocol/api.js'
import { encodeRequest, PROTOCOL_VERSION } from '../protocol/envelope.js'
import { CWD_GONE, reasonOf } from '../../linux/error-text.js'
import { LineSplitter } from './line-splitter.js'
import { noReply, PATIENCE, patienceFor, type Patience } from './patience.js'

/** The control socket has no director, or lost it. The message is one line for the user. */
export class Unreachable extends Error {}

/** The socket is there, and not for this user: asking again changes nothing. */
export class Denied extends Unreachable {}

export function isDenied(error: unknown): boolean {
  return error instanceof Denied
}

/** Bytes. A bound against a peer that is no director. */
const REPLY_LINE_MAX = 256 * 1024 * 1024

interface Waiting {
  readonly request: Request
  resolve(reply: Reply): void
  reject(error: Unreachable): void
}

/** The director behind the socket at `path`. Connects with the first call, and again after a lost connection. */
export function connectControl(path: string, patience: Partial<Patience> = {}): Control & { close(): void } {
  return new ControlClient(path, { ...PATIENCE, ...patience })
}

class ControlClient implements Control {
  readonly #path: string
  readonly #patience: Patience
  #socket: Socket | undefined
  /** Replies come in the order of requests. */
  #waiting: Waiting[] = []

  constructor(path: string, patience: Patience) {
    this.#path = path
    this.#patience = patience
  }

  call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
    return new Promise<Reply>((resolve, reject) => {
      this.#waiting.push({ request: request as Request, resolve, reject })
      this.#socket ??= this.#connect()
      if (this.#waiting.length === 1) this.#expectReply(this.#socket)
      this.#socket.write(encodeRequest(request))
    }) as Promise<Reply<O>>
  }

  close(): void {
    this.#lose(new Unreachable(`the connection to ${this.#path} was closed`))
  }

  #connect(): Socket {
    const splitter = new LineSplitter(REPLY_LINE_MAX)
    const socket = connect(this.#path)
    const lose = (why: Unreachable): void => {
      if (this.#socket === socket) this.#lose(why)
    }
    socket.on('data', chunk => {
      splitter.push(chunk)
      for (let line = splitter.next(); line || splitter.isTooLong; line = splitter.next()) {
        const reply = readReply(line)
        if ('not' in reply) return lose(new Unreachable(`what answers at ${this.#path} ${reply.not}`))
        this.#waiting.shift()?.resolve(reply)
        this.#expectReply(socket)
      }
    })
    socket.on('timeout', () => {
      const next = this.#waiting[0]
      if (next) lose(new Unreachable(noReply(next.request, this.#path, socket.timeout!)))
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const kind = error.code === 'EACCES' || error.code === 'EPERM' ? Denied : Unreachable
      lose(new kind(explain(error, this.#path)))
    })
    socket.on('close', () => lose(new Unreachable(`the director at ${this.#path} hung up`)))
    return socket
  }

  /** The time runs anew with whatever comes or is sent, for the request that the director is at. */
  #expectReply(socket: Socket): void {
    const next = this.#waiting[0]
    socket.setTimeout(next ? patienceFor(next.request.op, this.#patience) : 0)
  }

  #lose(why: Unreachable): void {
    this.#socket?.destroy()
    this.#socket = undefined
    for (const { reject } of this.#waiting.splice(0)) reject(why)
  }
}

/** `not`: what is wrong with the peer. A director of another version refuses ours with its own message. */
function readReply(line: Buffer | undefined): Reply | { not: string } {
  let reply: unknown
  try {
    reply = JSON.parse(line?.toString() ?? '')
  } catch {
    return { not: 'is no director' }
  }
  if (typeof reply !== 'object' || reply === null || !('ok' in reply)) return { not: 'is no director' }
  const v = 'v' in reply ? reply.v : undefined
  if (v === PROTOCOL_VERSION) return reply as Reply
  const theirs = typeof v === 'number' ? `version ${v} of the protocol` : 'a protocol without versions'
  return { not: `is a director of another release: it speaks ${theirs}, and this program version ${PROTOCOL_VERSION}` }
}

/** Why a connection failed, for the user. */
export function explain(error: NodeJS.ErrnoException, path: string): string {
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ECONNREFUSED':
      return `no director answers at ${path}: ${isNowhere(path) ? CWD_GONE : 'is uvs director running?'}`
    case 'EACCES':
    case 'EPERM':
      return `permission denied: ${path} is for the director's own user`
    case 'EPIPE':
    case 'ECONNRESET':
      return `the director at ${path} hung up`
    default:
      return `cannot reach a director at ${path}: ${reasonOf(error)}`
  }
}

/** Whether the path is of the current directory, and that is gone. */
function isNowhere(path: string): boolean {
  if (path.startsWith('/')) return false
  try {
    process.cwd()
    return false
  } catch {
    return true
  }
}
