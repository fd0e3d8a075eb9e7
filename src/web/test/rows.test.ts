import t from 'tap'
import { History } from '../src/live/history.ts'
import { askedWindow, Heights } from '../src/pure/virtual-rows.ts'

t.test('only the rows in sight, of items of unlike heights', async t => {
  const heights = new Heights(5, 30)
  heights.set(1, 90)
  // 0: 0–30, 1: 30–120, 2: 120–150, 3: 150–180, 4: 180–210
  t.strictSame(heights.inSight(0, 30), { first: 0, count: 1, top: 0, height: 210 })
  t.strictSame(heights.inSight(100, 40), { first: 1, count: 2, top: 30, height: 210 })
  t.strictSame(heights.inSight(130, 10, 20), { first: 1, count: 3, top: 30, height: 210 })
  t.strictSame(heights.inSight(190, 500), { first: 4, count: 1, top: 180, height: 210 })
  t.strictSame(heights.inSight(0, 1000), { first: 0, count: 5, top: 0, height: 210 })
  t.strictSame(new Heights(0, 30).inSight(0, 100), { first: 0, count: 0, top: 0, height: 0 })
})

t.test('what is not known is as the others on average, and stays when the list grows', async t => {
  const heights = new Heights(4, 30)
  t.ok(heights.set(0, 60))
  t.notOk(heights.set(0, 60), 'nothing new')
  t.notOk(heights.set(9, 60), 'no such item')
  heights.set(1, 180)
  heights.guessFromKnown()
  t.equal(heights.of(3), 120)
  heights.resize(6)
  t.strictSame([heights.of(1), heights.of(5), heights.inSight(0, 1).height], [180, 120, 60 + 180 + 4 * 120])
})

t.test('10 000 services: a look takes less than a frame', async t => {
  const heights = new Heights(10_000, 180)
  const began = performance.now()
  for (let look = 0; look < 100; look++) heights.inSight(look * 17_000, 900, 400)
  const each = (performance.now() - began) / 100
  t.ok(each < 16, `${each.toFixed(3)} ms`)
})

t.test('the window that is asked for holds what is in sight, and moves in steps', async t => {
  t.strictSame(askedWindow(0, 12, 40), { first: 0, count: 40 })
  t.strictSame(askedWindow(5, 12, 40), { first: 0, count: 40 })
  for (let first = 0; first < 500; first++) {
    const window = askedWindow(first, 30, 40)
    t.ok(window.first <= first && window.first + window.count >= first + 30 && window.count <= 120, `${first}`)
  }
})

t.test('a history keeps the last values, oldest first, with gaps', async t => {
  const history = new History(3)
  history.add(1000, { a: 1 })
  history.add(2000, { a: 2, b: 20 })
  t.strictSame(
    [history.values('a'), history.values('b')],
    [
      [1, 2],
      [Number.NaN, 20],
    ],
  )
  history.add(3000, { a: 3 })
  history.add(4000, { a: 4 })
  t.strictSame(
    [history.seconds(), history.values('a'), history.values('b')],
    [
      [2, 3, 4],
      [2, 3, 4],
      [20, Number.NaN, Number.NaN],
    ],
  )
  t.strictSame(history.values('none'), [Number.NaN, Number.NaN, Number.NaN])
  history.clear()
  t.strictSame([history.count, history.values('a')], [0, []])
})
