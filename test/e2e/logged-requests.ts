import { readFileSync } from 'node:fs'
import { hrtime } from 'node:process'
import type { Namespaces } from '../../netns-lab/namespaces.js'
import { ours } from '../../netns-lab/tools.js'
import { unhooked } from './unhooked.js'

/** A request of request-log.ts. Times are of `sharedMs`. */
export interface LoggedRequest {
  readonly fromMs: number
  readonly toMs: number
  /** The real server that answered. */
  readonly by?: string
  /** Why nobody did. */
  readonly why?: string
}

/** Ms of the host's monotonic clock, the same for all processes. */
export function sharedMs(): number {
  return Number(hrtime.bigint() / 1000n) / 1000
}

/** The ports of one who asks, none of which another has. */
const PORTS = 10_000
let firstPort = 0

/** Begins to ask from a namespace, five times at most. What is returned ends it: all requests, in the order of their ends. */
export function askOn(
  spaces: Namespaces,
  from: string,
  what: string,
  [address, port, limitMs]: [string, number, number],
): () => Promise<LoggedRequest[]> {
  firstPort += PORTS
  const program = [ours('test/e2e/request-log.js'), address, ...[port, limitMs, firstPort].map(String)]
  const { pid, log, ended } = spaces.start(from, what, 'env', unhooked(program))
  return async () => {
    process.kill(pid, 'SIGTERM')
    await ended()
    return readFileSync(log, 'utf8').trim().split('\n').map(line => JSON.parse(line) as LoggedRequest) // prettier-ignore
  }
}
