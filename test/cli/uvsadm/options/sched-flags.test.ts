import t from 'tap'
import { readSchedFlags, schedFlagNames } from '../../../../src/cli/uvsadm/options/sched-flags.js'

// each tried on ipvsadm 1.31
t.test('a list of flags is a bit each', async t => {
  const cases: [string, string, number][] = [
    ['', 'wlc', 0],
    ['sh-fallback', 'sh', 1],
    ['sh-port,sh-fallback', 'sh', 3],
    ['sh-port,sh-port', 'sh', 2],
    ['mh-fallback', 'mh', 1],
    ['mh-port', 'mh', 2],
    ['flag-1,flag-2,flag-3', 'sh', 7],
    ['flag-3', 'nosuch', 4],
    [',sh-port,,flag-3,', 'sh', 6],
  ]
  for (const [list, scheduler, bits] of cases) t.equal(readSchedFlags(list, scheduler), bits, `${list} ${scheduler}`)
})

t.test('the first flag that is wrong is named', async t => {
  const cases: [string, string, string][] = [
    ['flag-1,nosuch,sh-port', 'rr', "invalid scheduler flag `nosuch'"],
    ['sh-port,nosuch', 'rr', "incompatible scheduler flag `sh-port'"],
    ['sh-fallback', 'mh', "incompatible scheduler flag `sh-fallback'"],
    ['mh-port', 'sh', "incompatible scheduler flag `mh-port'"],
    ['mh-fallback', 'rr', "incompatible scheduler flag `mh-fallback'"],
    ['Flag-1', 'rr', "invalid scheduler flag `Flag-1'"],
    ['flag-1 flag-2', 'rr', "invalid scheduler flag `flag-1 flag-2'"],
    [',', 'rr', "invalid scheduler flag `,'"],
  ]
  for (const [list, scheduler, message] of cases)
    t.throws(() => readSchedFlags(list, scheduler), { message, status: 2 }, `${list} ${scheduler}`)
})

t.test('flags have the names of their scheduler', async t => {
  const names = [1, 2, 3, 4, 7].map(bits => ['sh', 'mh', 'rr'].map(scheduler => schedFlagNames(bits, scheduler)))
  t.strictSame(names, [
    ['sh-fallback', 'mh-fallback', 'flag-1'],
    ['sh-port', 'mh-port', 'flag-2'],
    ['sh-fallback,sh-port', 'mh-fallback,mh-port', 'flag-1,flag-2'],
    ['', '', 'flag-3'],
    ['sh-fallback,sh-port', 'mh-fallback,mh-port', 'flag-1,flag-2,flag-3'],
  ])
})
