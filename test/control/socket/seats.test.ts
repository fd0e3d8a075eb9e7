import t from 'tap'
import { CLIENTS_MAX, QUEUE_MAX, QUEUE_MS, Seats, SILENT_MS, type Sitter } from '../../../src/control/socket/seats.js'

class Client implements Sitter {
  isSeated = false
  told: string | undefined
  gone: () => void = () => {}
  constructor(public silentSince: number | undefined) {}
  seated(): void {
    this.isSeated = true
  }
  dismiss(why: string): void {
    this.told = why
  }
  abandon(): void {
    this.told = 'abandoned'
  }
}

function full(silentSince: number | undefined) {
  const clock = { now: 10_000 }
  const seats = new Seats<Client>(() => clock.now)
  const admit = (since: number | undefined): Client => {
    const client = new Client(since)
    seats.admit(client)
    return client
  }
  const first = Array.from({ length: CLIENTS_MAX }, () => admit(silentSince))
  return { clock, seats, admit, first }
}

t.test('the client that has been silent longest makes room, if it was for a second', async t => {
  const { clock, admit, first } = full(9500)
  first[7]!.silentSince = 9400
  first[8]!.silentSince = undefined
  clock.now = 9400 + SILENT_MS
  const late = admit(clock.now)
  t.ok(late.isSeated)
  t.match(first[7]!.told, /^another client needs the seat/)
  t.strictSame(
    first.filter(({ told }) => told),
    [first[7]],
  )
  const later = admit(clock.now)
  t.notOk(later.isSeated, 'the next one has not been silent for a second')
})

t.test('who waits is served in turn as others leave, and told when it lasts too long', async t => {
  const { clock, admit, first, seats } = full(undefined)
  const [one, two, three] = [admit(10_000), admit(10_000), admit(10_000)]
  two.gone()
  first[0]!.gone()
  one.silentSince = undefined
  t.strictSame([one.isSeated, two.isSeated, three.isSeated], [true, false, false], 'who went away does not wait')
  clock.now += QUEUE_MS
  while (!three.told) await new Promise(resolve => setTimeout(resolve, 10))
  t.equal(three.told, `there are ${CLIENTS_MAX} clients already, all of them busy`)
  const waiting = Array.from({ length: QUEUE_MAX }, () => admit(10_000))
  t.equal(waiting[0]!.told, undefined)
  t.match(admit(10_000).told, /clients already/, 'there is an end to waiting, too')
  seats.close()
  t.equal(first[1]!.told, 'abandoned')
  t.equal(waiting[0]!.told, 'abandoned')
})

t.test('who waits gets the place of one that falls silent', async t => {
  const { clock, admit, first, seats } = full(undefined)
  const late = admit(10_000)
  first[3]!.silentSince = 10_000
  clock.now += SILENT_MS
  while (!late.isSeated) await new Promise(resolve => setTimeout(resolve, 10))
  t.match(first[3]!.told, /^another client needs/)
  seats.close()
})
