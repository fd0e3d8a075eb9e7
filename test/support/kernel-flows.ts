import { seededRandom } from '../../src/director/random.js'
import { tcp4 } from './frames.js'

/* The flows of test/fixtures/simulate/kernel-moved.json, which were recorded of the kernel by test/conformance/live/record-moved.ts. */

const FLOWS = 2000
const SEED = 7
const SERVICE = '-t 10.99.1.100:80'
const ALL = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
const LEAVES = 4

/** Of a scheduler: from which real server to which, 'ADDR → ADDR', how many flows; only those that go elsewhere. */
export type KernelMoved = Record<string, Record<string, number>>

/** A SYN each, of clients from a seed. */
export function kernelFlows(): { client: string; frame: Uint8Array }[] {
  const random = seededRandom(SEED)
  const below = (limit: number): number => random() % limit
  const clients = new Set<string>()
  while (clients.size < FLOWS) clients.add(`100.${64 + below(64)}.${below(256)}.${below(256)}:${1024 + below(60_000)}`)
  const eth = '02:00:00:00:01:fe > 02:00:00:00:01:01'
  return [...clients].map(client => ({ client, frame: tcp4(`${client} > 10.99.1.100:80`, { flags: 'S', eth }) }))
}

/** Ten real servers, or without the one that leaves. */
export function kernelRules(scheduler: string, isAfter: boolean): string[] {
  const servers = ALL.filter(each => !isAfter || each !== LEAVES)
  return [`-A ${SERVICE} -s ${scheduler}`, ...servers.map(each => `-a ${SERVICE} -r 10.99.2.${10 + each}:80 -m -w 1`)]
}
