/*
 * The client. A program: one argument, a ClientOrders in JSON.
 * It keeps so many long downloads from each address, a connection each, each from a port of its own, and begins another for one that has
 * broken; and asks each address again and again, a connection a request. It prints what comes of it, a ClientNews in JSON a line. Runs until it is ended.
 */
import { get, type IncomingMessage } from 'node:http'
import { argv } from 'node:process'
import type { ClientNews, ClientOrders } from './fleet-news.js'

const { downloads, asks, rate, paceMs, bigPath } = JSON.parse(argv[2]!) as ClientOrders

/** A request takes no longer, ms: its first SYN may be lost, and one behind it. */
const LIMIT_MS = 5000
/** A download that brings nothing for so long has broken, ms. */
const STALL_MS = 12_000
/** Before another download takes the place of one that has broken. */
const PAUSE_MS = 300
const PULSE_MS = 500
/** The ports of requests, in turn; downloads' are above them (flow-watch.ts), and above those the ones that the kernel gives to others. */
const [FIRST_ASK, LAST_ASK] = [10_000, 16_383]
const FIRST_DOWNLOAD = 20_000

const now = (): number => performance.timeOrigin + performance.now()
const say = (news: ClientNews): void => void process.stdout.write(`${JSON.stringify(news)}\n`)
const wordOf = (error: NodeJS.ErrnoException): string => error.code ?? error.message

/** By port: the octets that have come. */
const alive = new Map<number, number>()
let nextDownload = FIRST_DOWNLOAD
let nextAsk = FIRST_ASK

for (const [vip, count] of Object.entries(downloads)) for (let i = 0; i < count; i++) download(vip)
setInterval(() => asks.forEach(vip => void ask(vip)), paceMs)
setInterval(() => say({ kind: 'pulse', atMs: now(), octets: [...alive] }), PULSE_MS)

function ask(vip: string): void {
  const atMs = now()
  nextAsk = nextAsk === LAST_ASK ? FIRST_ASK : nextAsk + 1
  let isOver = false
  const end = (error?: string): void => {
    clearTimeout(timer)
    if (isOver) return
    isOver = true
    say({ kind: 'asked', vip, atMs, tookMs: now() - atMs, ...(error === undefined ? {} : { error }) })
  }
  const request = get(`http://${vip}/`, { agent: false, localPort: nextAsk }, response => {
    response.resume()
    response.once('end', () => end()).once('error', error => end(wordOf(error)))
  })
  request.on('error', error => end(wordOf(error)))
  const timer = setTimeout(() => request.destroy(new Error('no answer')), LIMIT_MS)
}

function download(vip: string): void {
  const port = nextDownload++
  let isOver = false
  const end = (error: string): void => {
    if (isOver) return
    isOver = true
    alive.delete(port)
    say({ kind: 'ended', vip, port, atMs: now(), error })
    setTimeout(() => download(vip), PAUSE_MS)
  }
  const request = get(`http://${vip}/${bigPath}`, { agent: false, localPort: port }, response => {
    say({ kind: 'begun', vip, port, atMs: now() })
    take(port, response)
    response.once('end', () => end('whole')).once('error', error => end(wordOf(error)))
  })
  request.setTimeout(STALL_MS, () => request.destroy(new Error('stalled')))
  request.on('error', error => end(wordOf(error)))
}

/** Reads a download's octets, no faster than the rate. */
function take(port: number, response: IncomingMessage): void {
  const begunMs = now()
  let octets = 0
  alive.set(port, octets)
  response.on('data', (piece: Buffer) => {
    octets += piece.length
    alive.set(port, octets)
    const aheadMs = (octets / rate) * 1000 - (now() - begunMs)
    if (aheadMs < 5) return
    response.pause()
    setTimeout(() => response.resume(), aheadMs)
  })
}
