import t from 'tap'
import { summary } from '../../../bench/in-process/summary.js'
import { targetLines } from '../../../bench/in-process/targets.js'

const packet = (mode: string, ns: number[]) =>
  summary(
    `established packet, ${mode}, inbound, 1000 connections, by 64`,
    ns.map(net => ({ 'ns net': net })),
  )
const two = (ratio: number) => summary('two workers beside one, NAT, 1000 connections', [{ 'times as many': ratio }])

t.test('each target whose figures there are has its line', async t => {
  t.strictSame(targetLines([]), [])
  t.strictSame(targetLines([packet('NAT', [99, 150, 90])]), [
    'met     99 ns, established NAT packet, inbound, 10³ (at most 100)',
  ])
  t.strictSame(targetLines([packet('NAT', [100.5]), packet('FULLNAT', [110])]), [
    'missed  101 ns, established NAT packet, inbound, 10³ (at most 100)',
    'missed  1.09 × NAT, FULLNAT inbound, 1000 (at most 1.05)',
  ])
  t.strictSame(targetLines([two(1.8)]), ['met     1.80 × one worker, two, 1000 (at least 1.8)'])
  t.strictSame(targetLines([two(1.79)]), ['missed  1.79 × one worker, two, 1000 (at least 1.8)'])
})

t.test('the median of an even number of rounds lies between the two in the middle', async t => {
  const { figures } = summary('x', [{ ns: 4 }, { ns: 1 }, { ns: 2 }, { ns: 10 }])
  t.match(figures['ns'], { median: 3, min: 1, max: 10 })
})
