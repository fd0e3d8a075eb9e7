import t from 'tap'
import { DueQueue } from '../../../src/keepalived/health/due-queue.js'

t.test('what is due comes out by time, and at one time in the order that it went in', async t => {
  const queue = new DueQueue<number>()
  const times = Array.from({ length: 500 }, (_, i) => (i * 7919) % 101)
  times.forEach((atMs, i) => queue.add(atMs, i))
  t.equal(queue.firstMs, 0)
  const taken: number[] = []
  for (let next = queue.take(1000); next !== undefined; next = queue.take(1000)) taken.push(next)
  const expected = times.map((_, i) => i).sort((a, b) => times[a]! - times[b]! || a - b)
  t.strictSame(taken, expected)
  t.equal(queue.size, 0)
})

t.test('nothing before its time', async t => {
  const queue = new DueQueue<string>()
  t.equal(queue.firstMs, undefined)
  queue.add(5, 'a')
  t.equal(queue.take(4.9), undefined)
  t.equal(queue.take(5), 'a')
  t.equal(queue.take(5), undefined)
})
