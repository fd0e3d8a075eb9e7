import t from 'tap'
import type { PublishedDirector } from '../../../../src/cli/uvs/fleet/directors.js'
import { type FleetStatus, judge, statusText } from '../../../../src/cli/uvs/fleet/status-fleet.js'
import type { DirectorState } from '../../../../src/fleet/publish/director-state.js'
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
