import t from 'tap'
import { LatencyHistogram } from '../../../../bench/wire/load/latency-histogram.js'

t.test('small latencies are exact', async t => {
  const histogram = new LatencyHistogram()
  for (let us = 1; us <= 60; us++) histogram.record(us + 0.7)
  t.equal(histogram.count, 60)
  t.equal(histogram.percentile(50), 30)
  t.equal(histogram.percentile(99), 60)
  t.equal(histogram.percentile(100), 60)
})

t.test('every latency is told at most 1/32 too high, never too low', async t => {
  const wrong: number[] = []
  for (let us = 1; us < 0x7fffffff; us = Math.ceil(us * 1.0007)) {
    const histogram = new LatencyHistogram()
    histogram.record(us)
    const told = histogram.percentile(50)
    if (told < us || told > us * (1 + 1 / 32)) wrong.push(us, told)
  }
  t.strictSame(wrong, [])
})

t.test('percentiles of many agree with a sorted list of them', async t => {
  const histogram = new LatencyHistogram()
  const all = Array.from({ length: 10_000 }, (_, i) => ((i * 7919) % 10_000) ** 2 / 50)
  for (const us of all) histogram.record(us)
  const sorted = [...all].sort((a, b) => a - b)
  for (const percent of [1, 50, 90, 99, 99.99]) {
    const right = sorted[Math.ceil((percent / 100) * all.length) - 1]!
    const told = histogram.percentile(percent)
    t.ok(told >= Math.floor(right) && told <= right * (1 + 1 / 32) + 1, `${percent} %: ${told} for ${right}`)
  }
})

t.test('what is out of bounds stays in', async t => {
  const histogram = new LatencyHistogram()
  t.ok(Number.isNaN(histogram.percentile(50)))
  histogram.record(-3)
  t.equal(histogram.percentile(50), 0)
  histogram.record(1e12)
  t.equal(histogram.percentile(100), 0x7fffffff)
})
