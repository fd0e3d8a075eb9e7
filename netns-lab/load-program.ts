/*
 * ab, where there is none. A program: URL REQUESTS CONCURRENCY [kept]. Asks so often, so many at a time, each on a connection
 * of its own, or on connections that stay open. Prints what came of it as JSON.
 */
import { Agent, get } from 'node:http'
import type { LoadFigures } from '../native-free/lab-report.js'

/** A request that takes longer has failed: ab's -s 10. */
const LIMIT_MS = 10_000

const [url = '', ...words] = process.argv.slice(2)
const [requests = 0, concurrency = 0] = words.map(Number)
const agent = words[2] === 'kept' && new Agent({ keepAlive: true, maxSockets: concurrency })

/** Resolves when the whole answer is in: whether it was a 200. */
function ask(): Promise<boolean> {
  return new Promise(resolve => {
    const request = get(url, { agent, timeout: LIMIT_MS }, answer => {
      answer.on('end', () => resolve(answer.statusCode === 200 && answer.complete)).resume()
      answer.on('error', () => resolve(false))
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(false))
    request.on('close', () => resolve(false)) // if nothing was said before
  })
}

let begun = 0
const tookMs: number[] = []
async function one(): Promise<void> {
  while (begun++ < requests) {
    const asked = performance.now()
    if (await ask()) tookMs.push(performance.now() - asked)
  }
}

const began = performance.now()
await Promise.all(Array.from({ length: concurrency }, one))
const seconds = (performance.now() - began) / 1000
if (agent) agent.destroy()

tookMs.sort((a, b) => a - b)
const answered = tookMs.length
const figures: LoadFigures = {
  answered,
  failed: requests - answered,
  seconds,
  requestsPerSecond: Math.round(answered / seconds),
  p99Ms: Math.ceil(tookMs[Math.ceil(answered * 0.99) - 1] ?? 0),
}
process.stdout.write(JSON.stringify(figures))
