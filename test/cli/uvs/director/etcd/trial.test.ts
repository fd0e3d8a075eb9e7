import t from 'tap'
import { Trial } from '../../../../../src/cli/uvs/director/etcd/trial.js'
import { FleetKeys } from '../../../../../src/fleet/fleet-keys.js'
import { fleetEntry, type FleetEntry } from '../../../../../src/fleet/fleet-rules.js'
import { BenchDirector } from '../../../../support/bench-director.js'

const KEYS = new FleetKeys('/u')

function entry(name: string, service: object): FleetEntry {
  const value = JSON.stringify({ version: 1, service: { protocol: 'tcp', port: 80, scheduler: 'rr', ...service } })
  return fleetEntry(KEYS, { key: `/u/services/${name}`, value, modRevision: 1 })
}

/** What one try leaves must not be met by the next: each is as on a director that was just made. */
const TRIES: readonly (readonly FleetEntry[])[] = [
  [entry('a', { address: '10.99.1.7', localAddresses: ['10.99.1.8'], destinations: [{ address: '10.99.2.1', port: 80, method: 'fullnat' }] })], // prettier-ignore
  [entry('b', { address: '10.99.1.8', destinations: [{ address: '10.99.1.7', port: 80, method: 'masq' }] })],
  [entry('c', { address: '10.99.1.7', localAddresses: ['10.99.1.7'] })],
  [entry('d', { address: '10.99.1.7' }), entry('e', { address: '10.99.1.9', scheduler: 'nosuch' })],
  [entry('e', { address: '10.99.1.9', scheduler: 'nosuch' }), entry('f', { address: '10.99.1.8', scheduler: 'nosuch' })], // prettier-ignore
  [entry('g', { address: '2001:db8::1', destinations: [{ address: '2001:db8::2', port: 80, method: 'masq' }] })],
  [entry('g', { address: '2001:db8::1' }), entry('h', { address: '10.99.1.7', scheduler: 'mh', destinations: [{ address: '10.99.2.1', port: 80 }] })], // prettier-ignore
  Array.from({ length: 300 }, (_, i) => entry(`n${i}`, { address: '10.99.1.7', port: 1000 + i })),
  [entry('h', { address: '10.99.1.7', port: 1000 })],
]

async function tried(trial: Trial, entries: readonly FleetEntry[]): Promise<unknown> {
  return trial.list(entries).catch((error: Error) => error.message)
}

t.test('what is tried one after the other is as on a new director each time', async t => {
  let made = 0
  const make = () => {
    made++
    return new BenchDirector().director
  }
  const kept = new Trial(make)
  for (const entries of [...TRIES, ...TRIES.toReversed()]) {
    const before = made
    const found = await tried(kept, entries)
    t.ok(made - before <= 1)
    t.strictSame(found, await tried(new Trial(() => new BenchDirector().director), entries))
  }
  t.equal(made, 3, 'one, and one after each that had many services')
  t.strictSame(await kept.list([]), [])
  t.match(await tried(kept, TRIES[4]!), /^\/u\/services\/e: .* \(and 1 more key\)$/)
})
