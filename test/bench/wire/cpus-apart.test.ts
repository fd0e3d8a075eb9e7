import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { boundCpus, keepOff } from '../../../bench/wire/cpus-apart.js'
import { allowedCpus } from '../../../src/linux/one-cpu.js'

t.test('lists of CPUs', async t => {
  const cases: [string, number[]][] = [
    ['0', [0]],
    ['0-2,5', [0, 1, 2, 5]],
    ['3,8-9', [3, 8, 9]],
  ]
  for (const [list, cpus] of cases) t.strictSame(allowedCpus(`Name:\tx\nCpus_allowed_list:\t${list}\nMems:\t0\n`), cpus)
  t.strictSame(allowedCpus(''), [])
})

const mine = allowedCpus(readFileSync('/proc/self/status', 'latin1'))
t.test('a process keeps off a CPU that another one is bound to', { skip: mine.length < 2 && 'one CPU' }, async t => {
  const [bound, other] = [0, 1].map(() => spawn('sleep', ['60']))
  t.teardown(() => [bound, other].forEach(child => child?.kill()))
  const allowed = (): number[] => allowedCpus(readFileSync(`/proc/${other!.pid}/status`, 'latin1'))
  const all = allowed()
  t.notOk(boundCpus([bound!.pid!]).size > 0, 'nobody is bound yet')
  keepOff(other!.pid!, new Set())
  t.strictSame(allowed(), all)
  keepOff(bound!.pid!, new Set(all.slice(1)))
  t.strictSame([...boundCpus([bound!.pid!, other!.pid!])], all.slice(0, 1))
  keepOff(other!.pid!, boundCpus([bound!.pid!]))
  t.strictSame(allowed(), all.slice(1))
  keepOff(other!.pid!, new Set(all))
  t.strictSame(allowed(), all.slice(1), 'none would be left: nothing changes')
})
