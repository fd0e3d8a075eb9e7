/*
 * What the end-to-end tests run in the client's namespace. A program: it takes a JSON array of probes, does them one
 * after another, and prints a JSON array of what came of them.
 *
 *   ["get", URL]                 the status and the body: '200 rs1'
 *   ["hash", URL]                the SHA-256 of the body
 *   ["send", URL, OCTETS]        posts so many octets of the pattern: the body of the answer
 *   ["udp", ADDRESS, PORT, TEXT] the answer, null after 2 s without one
 *   ["echo", ADDRESS, PORT, OCTETS]  who echoed a datagram of so many octets of the pattern, 'rs1'; else as udp
 *   ["connect", ADDRESS, PORT]   'connected', or the error's code
 *   ["ping", ADDRESS, TEXT]      whether it answers with the same text
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
  async udp(address, port, payload = '') {
    const answer = await askUdp(address, port, Buffer.from(payload))
    return Buffer.isBuffer(answer) ? answer.toString() : answer
  },
  async echo(address, port, octets) {
    const sent = Buffer.concat([...pattern(Number(octets))])
    const answer = await askUdp(address, port, sent)
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
      socket.setTimeout(2000, () => resolve('no answer'))
    })
  },
  ping,
}

const results: unknown[] = []
for (const [verb = '', ...args] of JSON.parse(argv[2] ?? '[]') as string[][]) {
  results.push((await verbs[verb]?.(args[0] ?? '', ...args.slice(1))) ?? null)
}
process.stdout.write(JSON.stringify(results), () => process.exit(0))

/** The answer, an error's code, or null after 2 s. */
function askUdp(address: string, port = '', payload: Buffer): Promise<Buffer | string | null> {
  const socket = createSocket('udp4')
  return new Promise<Buffer | string | null>(resolve => {
    const timer = setTimeout(resolve, 2000, null)
    socket.on('message', resolve)
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    socket.connect(Number(port), address, () => socket.send(payload))
    socket.once('close', () => clearTimeout(timer))
  }).finally(() => socket.close())
}

function answerTo(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => get(url, { agent: false, timeout: 5000 }, resolve).on('error', reject))
}
