/*
 * A substitute for ab. A program: URL REQUESTS CONCURRENCY [kept]. Sends REQUESTS requests, CONCURRENCY at a time, each on its
 * own connection, or with `kept` on persistent ones. Prints the results as JSON.
 */
import { Agent, get } from 'node:http'
import type { LoadFigures } from '../native-free/lab-report.js'

/** A request that takes longer, in ms, has failed: ab's -s 10. */
const LIMIT_MS = 10_000

const [url = '', ...words] = process.argv.slice(2)
const [requests = 0, concurrency = 0] = words.map(Number)
const agent = words[2] === 'kept' && new Agent({ keepAlive: true, maxSockets: concurrency })

/** Resolves when the answer is complete: whether it was a 200. */
function ask(): Promise<boolean> {
  return new Promise(resolve => {
    const request = get(url, { agent, timeout: LIMIT_MS }, answer => {
      answer.on('end', () => resolve(answer.statusCode === 200 && answer.complete)).resume()
      answer.on('error', () => resolve(false))
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(false))
    request.on('close', () => resolve(false)) // if neither happened before
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
