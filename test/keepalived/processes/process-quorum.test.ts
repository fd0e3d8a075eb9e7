import t from 'tap'
import { ProcessQuorum } from '../../../src/keepalived/processes/process-quorum.js'
import type { TrackedProcess } from '../../../src/keepalived/processes/tracked-process.js'

/* As recorded of keepalived 2.2.7, which the kernel tells of each process: times and counts are those of the recordings. */

const block = (over: Partial<TrackedProcess>): TrackedProcess => ({
  name: 'tp',
  process: ['x'],
  fullCommand: false,
  quorum: 1,
  forkDelayMs: 0,
  terminateDelayMs: 0,
  ...over,
})

/** Looks at so many processes, started one by one, at these times; returns what changed when. */
function changes(over: Partial<TrackedProcess>, looks: readonly (readonly [number, number])[]): [number, boolean][] {
  const quorum = new ProcessQuorum(block(over))
  const found: [number, boolean][] = []
  for (const [atMs, count] of looks) {
    const isGood = quorum.look(new Map(Array.from({ length: count }, (_, at) => [10 + at, 1])), atMs)
    if (isGood !== undefined) found.push([atMs, isGood])
  }
  return found
}

t.test('quorum and quorum_max', async t => {
  const upAndDown = [0, 1, 2, 3, 2, 1, 0].map((count, at) => [at, count] as const)
  t.strictSame(changes({ quorum: 2, quorumMax: 2 }, upAndDown), [
    [0, false],
    [2, true],
    [3, false],
    [4, true],
    [5, false],
  ])
  t.strictSame(changes({ quorumMax: 0 }, upAndDown), [
    [0, true],
    [1, false],
    [6, true],
  ])
  t.strictSame(changes({}, [[0, 1]]), [[0, true]], 'the first look counts at once')
})

t.test('terminate_delay: what comes back in time was never away', async t => {
  const over = { terminateDelayMs: 1000 }
  t.strictSame(
    changes(over, [
      [0, 1],
      [100, 0],
      [600, 1],
      [2000, 1],
    ]),
    [[0, true]],
  )
  const looks = [0, 100, 600, 1099, 1100].map((atMs, at) => [atMs, at === 0 ? 1 : 0] as const)
  t.strictSame(changes(over, looks), [
    [0, true],
    [1100, false],
  ])
  t.strictSame(
    changes({ quorumMax: 1, forkDelayMs: 1000, terminateDelayMs: 500 }, [
      [0, 0],
      [1000, 1],
      [3000, 2],
      [5000, 1],
      [5500, 1],
    ]),
    [
      [0, false],
      [1000, true],
      [3000, false],
      [5500, true],
    ],
    'it holds back what becomes good by an end, too',
  )
})

t.test('fork_delay: for children of a process that counts', async t => {
  const quorum = new ProcessQuorum(block({ quorum: 2, forkDelayMs: 500 }))
  const [one, two] = [new Map([[10, 1]]), new Map([[10, 1], [11, 10]])] // prettier-ignore
  t.equal(quorum.look(one, 0), false)
  t.equal(quorum.look(two, 100), undefined)
  t.equal(quorum.nextAtMs, 600)
  t.equal(quorum.look(one, 300), undefined)
  t.equal(quorum.nextAtMs, Infinity, 'it was another program soon')
  t.equal(quorum.look(two, 1000), undefined)
  t.equal(quorum.look(two, 1500), true)
  t.equal(quorum.look(new Map(), 1600), false, 'an end counts at once')
  t.equal(quorum.look(new Map([[20, 1], [21, 1]]), 1700), true, 'so do those that others started') // prettier-ignore
  t.equal(quorum.isGood, true)
})
