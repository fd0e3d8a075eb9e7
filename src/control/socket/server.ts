import { lstatSync, statSync, unlinkSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { reasonOf } from '../../linux/error-text.js'
import { makeDirectory, mustBeClosed } from '../../linux/own-file.js'
import type { Control } from '../protocol/api.js'
import { encodeReply } from '../protocol/envelope.js'
import { Connection, type ConnectionOptions } from './connection.js'
import { RequestRate } from './request-rate.js'
import { Seats } from './seats.js'

/* 1. a client connects and gets a seat or waits for one                     seats.ts
 * 2. the lines of all clients together are limited by a rate                request-rate.ts
 * 3. a client's requests are answered one after the other                   connection.ts */

/** The most sockets: clients seated, waiting, and being refused. More are told and closed at once, without time to read. */
const SOCKETS_MAX = 256
const TOO_MANY = encodeReply({ ok: false, refusal: 'EBUSY', message: 'there are too many clients' })
/** Only the director's own user may change its rules. */
const SOCKET_UMASK = 0o177
/** Every user may see whether a director is there. */
const DIRECTORY_MODE = 0o755
/** sockaddr_un's sun_path less its NUL. libuv silently cuts a longer path. */
const PATH_MAX = 107

/** A control with state for each client gives each a control of its own. `fd`: of its socket, while it is open. */
interface PerClient {
  client?(fd: number): Control & { close(): void }
}

/**
 * Answers requests on a unix socket at `path` until closed, then removes it. Throws an Error of one line if it cannot, for
 * example because another director answers there.
 */
export async function serveControl(
  path: string,
  control: Control & PerClient,
  options?: ConnectionOptions,
): Promise<{ close(): Promise<void> }> {
  const rate = new RequestRate()
  const seats = new Seats<Connection>()
  const controlOf = (socket: Socket): Control => {
    const client = control.client?.(fdOf(socket))
    if (client) socket.once('close', () => client.close())
    return client ?? control
  }
  let sockets = 0
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, socket => {
    if (sockets >= SOCKETS_MAX) return tooMany(socket)
    sockets++
    socket.once('close', () => sockets--)
    seats.admit(new Connection(socket, controlOf(socket), rate, options))
  })
  await claim(server, path)
  return {
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve()) // libuv unlinks the path
        seats.close()
      }),
  }
}

/** What it has sent stays unread. The line is in its socket when the next client is looked at. */
function tooMany(socket: Socket): void {
  socket.on('error', () => {})
  socket.end(TOO_MANY, () => socket.destroy())
}

/** Node names it nowhere else. */
function fdOf(socket: Socket): number {
  return (socket as unknown as { _handle: { fd: number } })._handle.fd
}

async function claim(server: Server, path: string): Promise<void> {
  try {
    if (Buffer.byteLength(path) > PATH_MAX) throw new Error(`longer than ${PATH_MAX} bytes`)
    prepareDirectory(dirname(path))
    await listen(server, path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error
      await removeStale(path)
      await listen(server, path)
    })
  } catch (error) {
    throw new Error(`cannot listen on ${path}: ${reasonOf(error)}`, { cause: error })
  }
}

/**
 * Makes the directory, such as /run/uvs after a boot, but not those above it. Refuses one where other users may replace the
 * socket (allowed if sticky, such as /tmp). Symbolic links on the way are followed (/var/run).
 */
function prepareDirectory(directory: string): void {
  try {
    makeDirectory(directory, DIRECTORY_MODE)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new Error(`there is no directory ${dirname(directory)}`, { cause: error })
    throw error
  }
  mustBeClosed(directory, statSync(directory), true)
}

/**
 * server.listen binds the path before it returns, so the socket is 0600 from the start and no other code runs under the
 * umask.
 */
function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.on('error', reject) // also later, if accept fails (too many files): that client is disconnected
    const mask = process.umask(SOCKET_UMASK)
    server.listen(path, resolve)
    process.umask(mask)
  })
}

/** Removes the socket that a killed director left. */
async function removeStale(path: string): Promise<void> {
  const there = lstatSync(path)
  if (there.isDirectory()) throw new Error('there is a directory: name a file in it')
  if (!there.isSocket()) throw new Error('there is a file that is not a socket')
  if (await isAnswered(path)) throw new Error('another director answers there')
  unlinkSync(path)
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const probe = connect(path, () => {
      probe.destroy()
      resolve(true)
    })
    // EAGAIN, for example, is a director whose backlog is full
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'))
  })
}
