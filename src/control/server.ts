import { lstatSync, mkdirSync, statSync, unlinkSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import type { Control } from './api.js'
import { decodeRequest, protocolRefusal, REQUEST_LINE_MAX } from './codec.js'
import { encodeReply } from './envelope.js'
import { LineSplitter } from './line-splitter.js'

/* 1. a client connects; one beyond CLIENTS_MAX is hung up on
 * 2. its requests are answered one after the other: the next is read when the answer to the last is on its way
 * 3. a line that is no request is refused; one that is too long is refused and ends the connection
 * So a client costs no more memory than a chunk, a line and an answer. */

const CLIENTS_MAX = 64
/** Only the director's own user may change its rules. */
const SOCKET_UMASK = 0o177
/** sockaddr_un's sun_path less its NUL. libuv cuts a longer path off without a word. */
const PATH_MAX = 107
/** How long a client that sent too long a line may take to read why. */
const LINGER_MS = 1000

/** Whoever keeps something for each client gives it a control of its own. */
interface Sessions {
  session?(): Control & { close(): void }
}

/**
 * Answers requests on a unix socket at `path` until closed, then removes it. Throws an Error of one line if it cannot;
 * a director that answers there already is such a reason.
 */
export async function serveControl(path: string, control: Control & Sessions): Promise<{ close(): Promise<void> }> {
  const clients = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, socket => {
    clients.add(socket)
    socket.once('close', () => clients.delete(socket))
    void serveClient(socket, control)
  })
  server.maxConnections = CLIENTS_MAX
  await claim(server, path)
  return {
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve()) // libuv unlinks the path
        for (const client of clients) client.destroy()
      }),
  }
}

async function claim(server: Server, path: string): Promise<void> {
  try {
    if (Buffer.byteLength(path) > PATH_MAX) throw new Error(`longer than ${PATH_MAX} bytes`)
    makeDirectory(dirname(path))
    await listen(server, path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error
      await removeStale(path)
      await listen(server, path)
    })
  } catch (error) {
    throw new Error(`cannot listen on ${path}: ${(error as Error).message}`, { cause: error })
  }
}

/** The directory itself, as /run/uvs after a boot; not those above it. */
function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o755 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new Error(`there is no directory ${dirname(directory)}`, { cause: error })
    if (code !== 'EEXIST') throw error
    if (!statSync(directory).isDirectory()) throw new Error(`${directory} is no directory`, { cause: error })
  }
}

/** The path is bound before server.listen returns, so the socket is 0600 from the start and nothing else runs under the mask. */
function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.on('error', reject) // and later, when accepting fails (too many files): that client is hung up on
    const mask = process.umask(SOCKET_UMASK)
    server.listen(path, resolve)
    process.umask(mask)
  })
}

/** A director that was killed leaves its socket behind. */
async function removeStale(path: string): Promise<void> {
  if (!lstatSync(path).isSocket()) throw new Error('there is a file that is not a socket')
  if (await isAnswered(path)) throw new Error('another director answers there')
  unlinkSync(path)
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const probe = connect(path, () => {
      probe.destroy()
      resolve(true)
    })
    // EAGAIN, say, is someone whose backlog is full
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'))
  })
}

async function serveClient(socket: Socket, director: Control & Sessions): Promise<void> {
  const session = director.session?.()
  if (session) socket.once('close', () => session.close())
  const control = session ?? director
  const splitter = new LineSplitter(REQUEST_LINE_MAX)
  try {
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      const lines = splitter.push(chunk)
      if (!lines) return dismiss(socket)
      for (const line of lines) await send(socket, await answer(line, control))
    }
    socket.end()
  } catch {
    socket.destroy() // it went away in the middle of something, as clients may
  }
}

function dismiss(socket: Socket): void {
  socket.on('error', () => socket.destroy())
  socket.end(encodeReply(protocolRefusal(`a line is longer than ${REQUEST_LINE_MAX} bytes`)))
  socket.resume() // else closing would reset the connection under the answer
  setTimeout(() => socket.destroy(), LINGER_MS).unref()
}

/** The line that answers `line`. */
async function answer(line: Buffer, control: Control): Promise<string> {
  const { id, ...decoded } = decodeRequest(line)
  if (!decoded.ok) return encodeReply(decoded, id)
  try {
    return encodeReply(await control.call(decoded.request), id)
  } catch (error) {
    return encodeReply(protocolRefusal(`the director failed: ${String(error)}`), id)
  }
}

async function send(socket: Socket, line: string): Promise<void> {
  if (socket.write(line)) return
  await new Promise<void>(resolve => {
    const done = (): void => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
  })
}
