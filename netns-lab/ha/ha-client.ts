/*
 * The client. A program: PACE-MS RATE BIG-URL URL….
 * Every PACE-MS it asks each URL, a connection each, however long the answers take; and it downloads BIG-URL again and again, at RATE
 * octets a second. It prints what came of it, a line of JSON each: an Asked, or a Download when it has ended. Runs until it is ended.
 */
import { get, type IncomingMessage } from 'node:http'
import { argv } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Asked, Download } from './client-news.js'

/** A request takes no longer, ms: its first SYN may be lost, and one behind it. */
const LIMIT_MS = 3000
/** A download that brings nothing for so long has ended, ms. */
const STALL_MS = 15_000
/**
 * The ports that requests come from, in turn, below those that the kernel gives to others (ha-lab.ts): with a port that comes again soon, IPVS may
 * still have a connection to a server that is dead or was, and the request would say nothing of the directors.
 */
const [FIRST_PORT, LAST_PORT] = [10_000, 31_999]
/** Before a download begins anew, ms. */
const PAUSE_MS = 200

const [paceMs = 50, rate = 1e6] = argv.slice(2, 4).map(Number)
const [bigUrl = '', ...urls] = argv.slice(4)

let localPort = LAST_PORT

const now = (): number => performance.timeOrigin + performance.now()
const say = (news: Asked | Download): void => void process.stdout.write(`${JSON.stringify(news)}\n`)
const wordOf = (error: NodeJS.ErrnoException): string => error.code ?? error.message

setInterval(() => urls.forEach(url => void ask(url)), paceMs)
for (;;) {
  await download()
  await sleep(PAUSE_MS)
}

async function ask(url: string): Promise<void> {
  const atMs = now()
  const { body, error } = await answer(url)
  say({ kind: 'asked', at: new URL(url).hostname, atMs, tookMs: now() - atMs, ...(error ? { error } : { by: body }) })
}

function answer(url: string): Promise<{ body: string; error?: string }> {
  return new Promise(resolve => {
    let body = ''
    const fail = (error: NodeJS.ErrnoException): void => resolve({ body, error: wordOf(error) })
    localPort = localPort === LAST_PORT ? FIRST_PORT : localPort + 1
    const request = get(url, { agent: false, localPort }, response => {
      response.setEncoding('utf8').on('data', text => (body += text))
      response.on('end', () => resolve({ body: body.trim() })).on('error', fail)
    })
    request.on('error', fail)
    const end = (): void => void request.destroy(new Error('no answer'))
    // Where this process could not run for long the answer may be there already: it is read first.
    const timer = setTimeout(() => setImmediate(end), LIMIT_MS)
    request.on('close', () => clearTimeout(timer))
  })
}

/** Nothing is said of one that did not begin. */
function download(): Promise<void> {
  return new Promise(resolve => {
    const request = get(bigUrl, { agent: false }, response => {
      clearTimeout(timer)
      void take(response).then(resolve)
    })
    const timer = setTimeout(() => request.destroy(), LIMIT_MS)
    request.on('error', () => resolve())
  })
}

/** Reads a download's octets, no faster than the rate. */
function take(response: IncomingMessage): Promise<void> {
  const begunMs = now()
  let octets = 0
  return new Promise(resolve => {
    const end = (error?: string): void => {
      say({ kind: 'download', begunMs, endMs: now(), octets, ...(error === undefined ? {} : { error }) })
      resolve()
    }
    response.socket.setTimeout(STALL_MS, () => response.destroy(new Error('stalled')))
    response.on('data', (piece: Buffer) => {
      octets += piece.length
      const aheadMs = (octets / rate) * 1000 - (now() - begunMs)
      if (aheadMs < 5) return
      response.pause()
      setTimeout(() => response.resume(), aheadMs)
    })
    response.once('end', () => end()).once('error', error => end(wordOf(error)))
  })
}
