/*
 * A client that keeps asking, and says of each request when it began and ended and who answered. A program: ADDRESS PORT LIMIT-MS FROM.
 * Each of its workers opens a connection for each request, one after the other, until SIGTERM; then the log is printed, a request a line.
 * Their ports are FROM, FROM+1, …: with one that is used again IPVS may still have a connection to a dead server, and drops its packets.
 */
import { createConnection } from 'node:net'
import { argv, stdout } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { sharedMs, type LoggedRequest } from './logged-requests.js'

const WORKERS = 4
/** Between a worker's requests: a server that refuses at once is not asked thousands of times a second. */
const PAUSE_MS = 4

const [address = '', port = '80', limitMs = '3000', from = '10000'] = argv.slice(2)
let localPort = Number(from)
const log: LoggedRequest[] = []
const until = new AbortController()
process.on('SIGTERM', () => until.abort())

async function work(): Promise<void> {
  while (!until.signal.aborted) {
    log.push(await ask())
    await sleep(PAUSE_MS)
  }
}

function ask(): Promise<LoggedRequest> {
  return new Promise(resolve => {
    const fromMs = sharedMs()
    const socket = createConnection({ host: address, port: Number(port), localPort: localPort++ })
    let text = ''
    const end = (why: string): void => {
      const by = /\r\n\r\n(\w+)\n$/.exec(text)?.[1]
      resolve({ fromMs, toMs: sharedMs(), ...(by === undefined ? { why } : { by }) })
      socket.destroy()
    }
    socket.setTimeout(Number(limitMs), () => end('no answer in time'))
    socket.on('connect', () => socket.write('GET / HTTP/1.0\r\n\r\n'))
    socket.on('data', data => (text += data.toString()))
    socket.on('error', error => end((error as NodeJS.ErrnoException).code ?? error.message))
    socket.on('end', () => end('no whole answer'))
  })
}

await Promise.all(Array.from({ length: WORKERS }, work))
for (const request of log) stdout.write(`${JSON.stringify(request)}\n`)
