/*
 * What the end-to-end tests run in the client's namespace. A program: it prints one JSON value.
 *
 *   get URL              { status, body }
 *   hash URL             the SHA-256 of the body
 *   send URL OCTETS      posts so many octets of the pattern: the body of the answer
 *   udp ADDRESS PORT TEXT  the answer, null after 2 s without one
 *   connect ADDRESS PORT 'connected', or the error's code
 *   ping ADDRESS TEXT    whether it answers with the same text
 */
import { createHash } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { get, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { argv } from 'node:process'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { pattern } from '../../netns-lab/pattern.js'
import { ping } from './ping.js'

const [verb = '', target = '', ...rest] = argv.slice(2)

const verbs: Record<string, () => Promise<unknown>> = {
  async get() {
    const response = await answerTo(target)
    return { status: response.statusCode, body: await text(response) }
  },
  async hash() {
    const hash = createHash('sha256')
    for await (const piece of await answerTo(target)) hash.update(piece as Buffer)
    return hash.digest('hex')
  },
  async send() {
    const posted = request(target, { method: 'POST', agent: false })
    const answer = new Promise<IncomingMessage>((resolve, reject) => posted.on('response', resolve).on('error', reject))
    await pipeline(Readable.from(pattern(Number(rest[0]))), posted)
    return text(await answer)
  },
  udp() {
    const socket = createSocket('udp4')
    return new Promise(resolve => {
      const timer = setTimeout(resolve, 2000, null)
      socket.on('message', message => resolve(message.toString()))
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
      socket.connect(Number(rest[0]), target, () => socket.send(rest[1] ?? ''))
      socket.once('close', () => clearTimeout(timer))
    }).finally(() => socket.close())
  },
  ping: () => Promise.resolve(ping(target, rest[0] ?? '')),
  connect() {
    return new Promise(resolve => {
      const socket = connect(Number(rest[0]), target, () => resolve('connected'))
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
      socket.setTimeout(2000, () => resolve('no answer'))
    })
  },
}

function answerTo(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => get(url, { agent: false, timeout: 5000 }, resolve).on('error', reject))
}

const value = await verbs[verb]?.()
process.stdout.write(JSON.stringify(value ?? null))
process.exit(0)
