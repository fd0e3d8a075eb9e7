import t from 'tap'
import type { PublishedDirector } from '../../../../src/cli/uvs/fleet/directors.js'
import { fleet } from '../../../../src/cli/uvs/fleet/fleet.js'
import { type FleetStatus, judge, statusFleet, statusText } from '../../../../src/cli/uvs/fleet/status-fleet.js'
import type { DirectorState } from '../../../../src/fleet/publish/director-state.js'
import { readOptions } from '../../../../src/cli/uvs/options/read-options.js'
import { EtcdError } from '../../../../src/etcd/etcd-error.js'
import { FleetKeys } from '../../../../src/fleet/fleet-keys.js'
import { encodeState } from '../../../../src/fleet/publish/director-state.js'
import { hostWorld } from '../../../fleet/host-world.js'
import { MemoryStore } from '../../../fleet/write/memory-store.js'
import { sampleState } from './sample-state.js'

type Rules = Partial<DirectorState['rules']>

function director(name: string, rules: Rules = {}, more: Partial<DirectorState> = {}): PublishedDirector {
  return { name, state: { ...sampleState(name, 17), ...more, rules: { ...sampleState(name, 17).rules, ...rules } } }
}

function judged(directors: readonly PublishedDirector[], expected = 1, more: Partial<FleetStatus> = {}): FleetStatus {
  return judge({ revision: 17, note: undefined, directors, drained: [], ...more }, expected)
}

t.test('all is well', async t => {
  const status = judged([director('d1'), director('d2', { revision: 18 })], 2, { drained: ['d2'] })
  t.strictSame(status.faults, [])
  t.strictSame(statusText(status).split('\n'), [
    'rules of revision 17',
    'DIRECTOR  STATE     REVISION  SERVICES  SERVERS  DOWN  CONNS  CPS  IN P/S  OUT P/S  UVS',
    'd1        serving         17         2       10     1   1234   10     100        0  0.2.0',
    'd2        to drain        18         2       10     1   1234   10     100        0  0.2.0',
    '',
  ])
})

t.test('services of its own are told, and no fault', async t => {
  const cases: [NonNullable<Rules['beside']>, string][] = [
    [{ changed: 0, added: 1, first: 'tcp 10.0.0.9:80' }, '- d1: a service of its own, not of etcd, tcp 10.0.0.9:80'],
    [{ changed: 0, added: 2, first: 'mark 7' }, '- d1: 2 services of its own, not of etcd, such as mark 7'],
    [{ changed: 1, added: 2, first: 'mark 7' }, '- d1: 2 services of its own, not of etcd'],
  ]
  for (const [beside, line] of cases)
    t.strictSame(
      statusText(judged([director('d1', { beside })])).split('\n').filter(each => each.startsWith('- ')), // prettier-ignore
      [line],
    )
})

t.test('what is not well, by the director that it is of', async t => {
  const cases: [string, FleetStatus, string[]][] = [
    ['lags', judged([director('d1', { revision: 16 })]), ['d1: it has the rules of revision 16, not 17']],
    ['refuses', judged([director('d1', { refused: 'a\x1b[2J' })]), ['d1: a\ufffd[2J']],
    [
      'no rules',
      judged([director('d1', { from: 'none', revision: 0 })]),
      ['d1: it has no rules yet', '0 of 1 directors serve'],
    ],
    [
      'disk',
      judged([director('d1', { from: 'disk' })]),
      ['d1: it has the rules of its disk, for it has not reached etcd'],
    ],
    [
      'changed by hand',
      judged([director('d1', { beside: { changed: 1, added: 0, first: 'tcp 10.0.0.1:80\x1b' } })]),
      ['d1: tcp 10.0.0.1:80\ufffd differs from etcd: changed there by hand; a reload there (SIGHUP) puts it right'],
    ],
    [
      'more of it',
      judged([director('d1', { beside: { changed: 3, added: 1, first: 'mark 7' } })]),
      [
        'd1: 3 services, mark 7 among them, differ from etcd: changed there by hand; a reload there (SIGHUP) puts them right',
      ],
    ],
    ['its own', judged([director('d1', { beside: { changed: 0, added: 1, first: 'mark 7' } })]), []],
    [
      'rubbish',
      judged([{ name: 'd1', state: undefined, why: 'no JSON' }, director('d2')]),
      ['d1: what it says of itself cannot be read: no JSON'],
    ],
    ['nobody', judged([]), ['0 of 1 directors serve']],
    ['nobody, as expected', judged([], 0), []],
    ['too few', judged([director('d1'), director('d2', {}, { isDraining: true })], 2), ['1 of 2 directors serve']],
    [
      'half written',
      judged([director('d1')], 1, {
        note: {
          version: 1,
          id: '0'.repeat(16),
          by: 'a@h',
          at: '2026-11-30T05:00:00Z',
          command: 'apply',
          changes: 9,
          unfinished: { done: 2, of: 5 },
        },
      }),
      ['the write of a@h at 2026-11-30T05:00:00Z is not finished: 2 of 5 transactions'],
    ],
  ]
  for (const [what, status, faults] of cases) {
    t.strictSame(status.faults, faults, what)
    t.strictSame(
      statusText(status)
        .split('\n')
        .filter(line => line.startsWith('! ')),
      faults.map(fault => `! ${fault}`),
      what,
    )
    t.notMatch(statusText(status), /[^\P{Cc}\n]/u)
  }
})

/** `uvs fleet status WORDS` of a fleet with one director. `reads`: what becomes of the nth look, from 1 on. Returns how many there were. */
async function waited(reads: (n: number) => Promise<void> | void, ...words: string[]) {
  const store = new MemoryStore()
  store.put(['directors/d1', encodeState(sampleState('d1', 17))])
  let looks = 0
  const readKeys = store.readKeys.bind(store)
  store.readKeys = async () => {
    await reads(++looks)
    return readKeys()
  }
  let now = 0
  const world = { ...hostWorld('a@h'), now: () => now, wait: async (ms: number) => void (now += ms) }
  const session = { store, keys: new FleetKeys('/uvs/s'), world }
  const found = statusFleet(readOptions(fleet, ['status', ...words]), session)
  const said = await found.catch((error: unknown) => (error as Error).message)
  return { said, looks, now }
}
const noLeader = (): never => {
  throw new EtcdError('unreachable', 'http://h:1: no leader')
}

t.test('--wait: etcd without a leader for a moment is asked again', async t => {
  const { said, looks, now } = await waited(n => (n < 5 ? noLeader() : undefined), '--wait', '10s')
  t.match(said, { status: 0, out: /^d1 +serving/m })
  t.strictSame([looks, now], [5, 2000])
})

t.test('one that stays so is told at the end of the time', async t => {
  t.strictSame(await waited(noLeader, '--wait', '10s'), { said: 'http://h:1: no leader', looks: 21, now: 10_000 })
  t.match(await waited(noLeader), { said: 'http://h:1: no leader', looks: 1 }, 'without --wait at once')
})

t.test('what will not pass is told at once', async t => {
  const cases: [why: string, of: EtcdError][] = [
    ['permission denied', new EtcdError('refused', 'http://h:1: permission denied')],
    ['not trusted', new EtcdError('unreachable', 'its certificate is not trusted', { lasts: true })],
  ]
  for (const [why, error] of cases) {
    const { said, looks } = await waited(() => Promise.reject(error), '--wait', '10s')
    t.match([said, looks], [new RegExp(why), 1], why)
  }
})

t.test('an etcd that hangs does not hold it for longer', async t => {
  const beganMs = performance.now()
  const hangs = waited(n => (n === 1 ? new Promise<void>(() => {}) : noLeader()), '--wait', '1s')
  t.match(await hangs, { said: 'http://h:1: no leader' })
  t.ok(performance.now() - beganMs < 5000)
})
