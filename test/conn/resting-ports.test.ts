import t from 'tap'
import { after, type Jiffies } from '../../src/conn/jiffies.js'
import { RestingPorts } from '../../src/conn/resting-ports.js'

t.test('they come back in order, each after a minute, so many a call, across the clock’s end', async t => {
  const resting = new RestingPorts()
  const back: string[] = []
  const sink = { give: (pool: number, port: number) => void back.push(`${pool}:${port}`) }
  const start = (0x7fffffff - 3000) as Jiffies
  const expected: string[] = []
  for (let n = 0; n < 3000; n++) {
    resting.add(n % 7, 5536 + n, after(start, n))
    expected.push(`${n % 7}:${5536 + n}`)
    if (n === 1500) {
      resting.wake(after(start, 6000), 10, sink)
      resting.wake(after(start, 6000 + 499), 1000, sink)
      t.equal(back.length, 500, 'the ring has moved on before it grows')
    }
  }
  resting.wake(after(start, 6000 + 2998), 5000, sink)
  t.equal(resting.count, 1)
  resting.wake(after(start, 6000 + 2999), 5000, sink)
  t.equal(resting.count, 0)
  t.strictSame(back, expected)
  resting.add(1, 2, start)
  resting.clear()
  resting.wake(after(start, 10_000), 5, sink)
  t.equal(back.length, 3000)
})
