/*
 * What the end-to-end tests run in the client's namespace. A program: it takes a JSON array of probes, does them one
 * after another, and prints a JSON array of what came of them.
 *
 *   ["get", URL]                 the status and the body: '200 rs1'
 *   ["hash", URL]                the SHA-256 of the body
 *   ["send", URL, OCTETS]        posts so many octets of the pattern: the body of the answer
 *   ["udp", ADDRESS, PORT, TEXT, FROM-PORT, LIMIT]  the answer, null without one in so many ms, 20 000 unless told
 *   ["echo", ADDRESS, PORT, OCTETS, FROM-PORT]  who echoed a datagram of so many octets of the pattern, 'rs1'; else as udp
 *   ["connect", ADDRESS, PORT]   'connected', or the error's code
 *   ["ping", ADDRESS, TEXT]      whether it answers with the same text
 *
 * Without FROM-PORT the kernel gives a port, which may be one that had a connection to a real server already.
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

/** What is to come comes in that time, however busy the machine is. */
const LIMIT_MS = 20_000

const verbs: Record<string, (target: string, ...rest: string[]) => unknown> = {
  async get(url) {
    const response = await answerTo(url)
    return `${response.statusCode} ${await text(response)}`
  },
  async hash(url) {
    const hash = createHash('sha256')
    for await (const piece of await answerTo(url)) hash.update(piece as Buffer)
    return hash.digest('hex')
  },
  async send(url, octets) {
    const posted = request(url, { method: 'POST', agent: false })
    const answer = new Promise<IncomingMessage>((resolve, reject) => posted.on('response', resolve).on('error', reject))
    await pipeline(Readable.from(pattern(Number(octets))), posted)
    return text(await answer)
  },
  async udp(address, port, payload = '', from = '0', limitMs = String(LIMIT_MS)) {
    const answer = await askUdp(address, port, Buffer.from(payload), from, Number(limitMs))
    return Buffer.isBuffer(answer) ? answer.toString() : answer
  },
  async echo(address, port, octets, from = '0') {
    const sent = Buffer.concat([...pattern(Number(octets))])
    const answer = await askUdp(address, port, sent, from)
    if (!Buffer.isBuffer(answer)) return answer
    const space = answer.indexOf(' ')
    return answer.subarray(space + 1).equals(sent)
      ? answer.toString('latin1', 0, space)
      : `${answer.length} other octets`
  },
  connect(address, port) {
    return new Promise(resolve => {
      const socket = connect(Number(port), address, () => resolve('connected'))
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
      socket.setTimeout(LIMIT_MS, () => resolve('no answer'))
    })
  },
  ping,
}

const results: unknown[] = []
for (const [verb = '', ...args] of JSON.parse(argv[2] ?? '[]') as string[][]) {
  results.push((await verbs[verb]?.(args[0] ?? '', ...args.slice(1))) ?? null)
}
process.stdout.write(JSON.stringify(results), () => process.exit(0))

/** The answer, an error's code, or null when the time is over. */
function askUdp(
  address: string,
  port = '',
  payload: Buffer,
  from: string,
  limitMs = LIMIT_MS,
): Promise<Buffer | string | null> {
  const socket = createSocket('udp4')
  return new Promise<Buffer | string | null>(resolve => {
    const timer = setTimeout(resolve, limitMs, null)
    socket.on('message', resolve)
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    socket.bind(Number(from), () => socket.connect(Number(port), address, () => socket.send(payload)))
    socket.once('close', () => clearTimeout(timer))
  }).finally(() => socket.close())
}

function answerTo(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => get(url, { agent: false, timeout: LIMIT_MS }, resolve).on('error', reject))
}
