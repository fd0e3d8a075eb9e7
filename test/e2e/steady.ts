/*
 * Requests that never end, for tests. A program:
 *   SOURCE ADDRESS:PORT    eight at a time from that address, each given up after 300 ms. Prints 'NAME BEGAN ENDED' for each answer, ms
 *                          of the wall clock
 */
import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { argv } from 'node:process'

const AT_A_TIME = 8
const PATIENCE_MS = 300
const PAUSE_MS = 10

const [source = '', at = ''] = argv.slice(2)

function ask(): Promise<string | undefined> {
  return new Promise(resolve => {
    const request = get(`http://${at}/`, { localAddress: source, agent: false, timeout: PATIENCE_MS }, response => {
      let body = ''
      response.on('data', (octets: Buffer) => (body += octets.toString()))
      response.on('end', () => resolve(body.trim()))
    })
    request.on('timeout', () => request.destroy())
    request.on('close', () => resolve(undefined))
    request.on('error', () => {})
  })
}

async function askForEver(): Promise<never> {
  for (;;) {
    const began = Date.now()
    const name = await ask()
    if (name !== undefined) process.stdout.write(`${name} ${began} ${Date.now()}\n`)
    await sleep(PAUSE_MS)
  }
}

await Promise.all(Array.from({ length: AT_A_TIME }, askForEver))
