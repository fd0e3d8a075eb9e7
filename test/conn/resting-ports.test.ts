import t from 'tap'
import { RestingPorts } from '../../src/conn/resting-ports.js'

t.test('they come back in order, each after a minute, so many a call, across the clock’s end', async t => {
  const resting = new RestingPorts()
  const back: string[] = []
  const sink = { give: (pool: number, port: number) => void back.push(`${pool}:${port}`) }
  const start = 0x7fffffff - 3000
  const expected: string[] = []
  for (let n = 0; n < 3000; n++) {
    resting.add(n % 7, 5536 + n, (start + n) | 0)
    expected.push(`${n % 7}:${5536 + n}`)
    if (n === 1500) {
      resting.wake((start + 6000) | 0, 10, sink)
      resting.wake((start + 6000 + 499) | 0, 1000, sink)
      t.equal(back.length, 500, 'the ring has moved on before it grows')
    }
  }
  resting.wake((start + 6000 + 2998) | 0, 5000, sink)
  t.equal(resting.count, 1)
  resting.wake((start + 6000 + 2999) | 0, 5000, sink)
  t.equal(resting.count, 0)
  t.strictSame(back, expected)
  resting.add(1, 2, 0)
  resting.clear()
  resting.wake(10_000, 5, sink)
  t.equal(back.length, 3000)
})
