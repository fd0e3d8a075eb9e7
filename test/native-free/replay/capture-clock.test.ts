import t from 'tap'
import { CaptureClock } from '../../../native-free/replay/capture-clock.js'

const at = (seconds: number, nanoseconds = 0) => ({ seconds, nanoseconds })
const BEGIN = 1_700_000_000
const DAYS_32 = 32 * 86_400

t.test('whole ms since the first frame', async t => {
  const clock = new CaptureClock()
  const first = clock.read(at(BEGIN, 999_999_999))
  t.equal(first, clock.timeAt(0))
  t.equal(clock.read(at(BEGIN + 1, 999_998)), first, 'not yet a ms')
  t.equal(clock.read(at(BEGIN + 1, 999_999)), first + 1)
  t.equal(clock.read(at(BEGIN + 901)), first + 900_000)
  t.equal(clock.sinceStart, 900_000)
})

t.test('it does not go back, and takes no time that is corrupt', async t => {
  const clock = new CaptureClock()
  const first = clock.read(at(BEGIN))
  const later = clock.read(at(BEGIN + 5))
  t.equal(later, first + 5000)
  t.equal(clock.read(at(BEGIN + 4)), later)
  t.equal(clock.read(at(2 ** 40)), later)
  t.equal(clock.read(at(BEGIN + 6)), first + 6000)
  t.equal(clock.backwards, 2)
})

t.test('of a gap, 32 days pass, and then time goes on', async t => {
  const clock = new CaptureClock()
  const first = clock.read(at(BEGIN))
  t.equal(clock.read(at(BEGIN + DAYS_32)), first + DAYS_32 * 1000)
  t.equal(clock.cut, 0)
  t.equal(clock.read(at(BEGIN + 10 * DAYS_32)), first + 2 * DAYS_32 * 1000)
  t.equal(clock.read(at(BEGIN + 10 * DAYS_32 + 1)), first + (2 * DAYS_32 + 1) * 1000)
  t.equal(clock.cut, 1)
})

t.test('what is left out is not the director’s time, and is the capture’s', async t => {
  const clock = new CaptureClock()
  const first = clock.read(at(BEGIN))
  clock.read(at(BEGIN + 5000))
  clock.skip(4000_500)
  t.equal(clock.nowMs, first + 999_500)
  t.equal(clock.sinceStart, 5_000_000)
  t.equal(clock.timeAt(5_000_000), first + 999_500)
  const moment = at(0)
  clock.stampOf(clock.nowMs, moment)
  t.strictSame(moment, at(BEGIN + 5000))
  t.equal(clock.read(at(BEGIN + 5001)), first + 1_000_500)
})

t.test('a time of the director is a moment of the capture', async t => {
  const clock = new CaptureClock()
  const first = clock.read(at(BEGIN, 999_500_000))
  const moment = at(0)
  for (const [ms, seconds, nanoseconds] of [
    [0, 0, 999_500_000],
    [1, 1, 500_000],
    [1500, 2, 499_500_000],
  ] as const) {
    clock.stampOf(first + ms, moment)
    t.strictSame(moment, at(BEGIN + seconds, nanoseconds), String(ms))
  }
})
