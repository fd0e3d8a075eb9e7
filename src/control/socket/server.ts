import { lstatSync, statSync, unlinkSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { reasonOf } from '../../linux/error-text.js'
import { makeDirectory, mustBeClosed } from '../../linux/own-file.js'
import type { Control } from '../protocol/api.js'
import { Connection, type ConnectionOptions } from './connection.js'
import { RequestRate } from './request-rate.js'
import { Seats } from './seats.js'

/* 1. a client connects, and has a seat or waits for one                     seats.ts
 * 2. a line is one of so many a second, of all clients together             request-rate.ts
 * 3. its requests are answered one after the other                          connection.ts */

/** Those with a seat, those that wait for one, and those that are told there is none. More are hung up on without a word. */
const SOCKETS_MAX = 256
/** Only the director's own user may change its rules. */
const SOCKET_UMASK = 0o177
/** Everybody may look whether a director is there. */
const DIRECTORY_MODE = 0o755
/** sockaddr_un's sun_path less its NUL. libuv cuts a longer path off without a word. */
const PATH_MAX = 107

/** Whoever keeps something for each client gives it a control of its own. */
interface PerClient {
  client?(): Control & { close(): void }
}

/**
 * Answers requests on a unix socket at `path` until closed, then removes it. Throws an Error of one line if it cannot;
 * a director that answers there already is such a reason.
 */
export async function serveControl(
  path: string,
  control: Control & PerClient,
  options?: ConnectionOptions,
): Promise<{ close(): Promise<void> }> {
  const rate = new RequestRate()
  const seats = new Seats<Connection>()
  const controlOf = (socket: Socket): Control => {
    const client = control.client?.()
    if (client) socket.once('close', () => client.close())
    return client ?? control
  }
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, socket =>
    seats.admit(new Connection(socket, controlOf(socket), rate, options)),
  )
  server.maxConnections = SOCKETS_MAX
  await claim(server, path)
  return {
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve()) // libuv unlinks the path
        seats.close()
      }),
  }
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
 * The directory itself, as /run/uvs after a boot; not those above it. In one where others may replace the socket, clients
 * would ask somebody else. (In a sticky one, such as /tmp, they may not. A link on the way is followed: /var/run.)
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
