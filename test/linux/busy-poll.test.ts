import t from 'tap'
import { BusyPoll } from '../../src/linux/busy-poll.js'

/** Frames every `gap` ms from `start` on, and a look every 5 µs while awake. Answers the looks that found nothing, and when it ended. */
function traffic(
  poll: BusyPoll,
  start: number,
  gap: number,
  frames: number,
): { empty: number; sleeps: number; end: number } {
  let empty = 0
  let sleeps = 0
  let now = start
  for (let next = start; frames > 0;) {
    if (now >= next) {
      poll.mayLookAgain(now, 1)
      frames--
      next += gap
    } else if (poll.mayLookAgain(now, 0)) empty++
    else {
      sleeps++
      now = next
      continue
    }
    now += 0.005
  }
  return { empty, sleeps, end: now }
}

t.test('it sleeps at once while there is little to do', async t => {
  t.strictSame(traffic(new BusyPoll(), 0, 1, 100), { empty: 0, sleeps: 99, end: 99.005 })
  t.equal(new BusyPoll().mayLookAgain(0, 0), false, 'and before anything has come')
})

t.test('where frames come soon after it went to sleep it soon sleeps no more', async t => {
  const { empty, sleeps } = traffic(new BusyPoll(), 0, 0.05, 1000)
  t.ok(sleeps <= 5, `${sleeps} sleeps`)
  t.ok(empty > 1000)
})

t.test('it looks for a tenth of a millisecond at the most, and unlearns it', async t => {
  const poll = new BusyPoll()
  const { end } = traffic(poll, 0, 0.09, 100)
  let looks = 0
  for (let now = end; poll.mayLookAgain(now, 0); now += 0.005) looks++
  t.ok(looks >= 18 && looks <= 20, `${looks} looks`)
  const rest = traffic(poll, end + 1, 1, 100)
  t.equal(rest.sleeps, 99)
  t.ok(rest.empty <= 20 + 10 + 5 + 2, `${rest.empty} looks for nothing`)
})

t.test('frames that come a little later than it looks are not looked for', async t => {
  const poll = new BusyPoll()
  const { end } = traffic(poll, 0, 0.09, 100)
  t.ok(traffic(poll, end, 0.15, 10).empty > 20, 'first it looks for them')
  t.strictSame(traffic(poll, end + 2, 0.15, 1000).empty, 0)
})

t.test('what else ends a sleep teaches nothing', async t => {
  const poll = new BusyPoll()
  poll.mayLookAgain(0, 1)
  t.equal(poll.mayLookAgain(0.01, 0), false)
  t.equal(poll.mayLookAgain(9.97, 0), false, 'woken for a request, and back')
  poll.mayLookAgain(10, 1)
  t.equal(poll.mayLookAgain(10.005, 0), false, 'the gap was 10 ms')
})
