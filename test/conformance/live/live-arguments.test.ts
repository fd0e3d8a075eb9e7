import t from 'tap'
import { ConformanceUsageError } from '../usage-error.js'
import { parseLiveArguments } from './live-arguments.js'

const drawn = () => 42

t.test('a seed is drawn and 25 are played, unless said otherwise', async t => {
  t.strictSame(parseLiveArguments(['--live'], drawn), { seed: 42, count: 25 })
  t.strictSame(parseLiveArguments(['--live', '--count', '300'], drawn), { seed: 42, count: 300 })
  t.strictSame(parseLiveArguments(['--seed', '7', '--live', '--count', '3'], drawn), { seed: 7, count: 3 })
})

t.test('anything else is refused with what is allowed', async t => {
  for (const args of [
    ['--seed'],
    ['--seed', 'x'],
    ['--count', '-1'],
    ['--count', '0'],
    ['--seed', '4294967296'],
    ['--live', 'file.json'],
  ])
    t.throws(() => parseLiveArguments(args, drawn), ConformanceUsageError, args.join(' '))
})
