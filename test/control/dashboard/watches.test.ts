import t from 'tap'
import { OPERATIONS } from '../../../src/control/operations/index.js'
import type { Control, Reply, Request } from '../../../src/control/protocol/api.js'
import { Watches } from '../../../src/control/dashboard/watches.js'
import { BenchDirector } from '../../support/bench-director.js'

t.test('watches begin a second apart, and none while another stands', async t => {
  let now = 1000
  const watches = new Watches(new BenchDirector().control, () => now)
  const [mine, other] = ['a'.repeat(16), 'b'.repeat(16)]
  const begin = (client: string): Promise<unknown> =>
    watches.answer({ op: 'watch', filter: '', count: 5 }, client, false).catch((error: unknown) => error)
  const isOver = async (client: string): Promise<boolean> => {
    const reply = await watches.answer({ op: 'watched' }, client, false)
    if (!reply.ok) throw new Error(reply.message)
    return (reply.value as { isOver: boolean }).isOver
  }
  t.match(await begin(mine), { ok: true })
  now += 999
  t.match(await begin(other), { status: 429, message: 'a watch has begun less than a second ago', retryAfter: 1 })
  t.strictSame([await isOver(mine), await isOver(other)], [false, true])
  now += 1
  t.match(await begin(other), { ok: false }, 'the director has one')
  await watches.answer({ op: 'unwatch' }, mine, false)
  now += 167
  t.match(await begin(other), { ok: true }, 'what was refused has begun nothing')
  t.strictSame([await isOver(mine), await isOver(other)], [true, false])
})

/** Watches over a control that notes what it is asked. */
function noted(): { watches: Watches; asked: Request[]; pass(ms: number): void } {
  const { control } = new BenchDirector()
  const asked: Request[] = []
  let now = 1000
  const spy: Control = { call: request => (asked.push(request), control.call(request)) }
  return { watches: new Watches(spy, () => now), asked, pass: ms => void (now += ms) }
}
const [reader, other, admin] = ['a'.repeat(16), 'b'.repeat(16), 'c'.repeat(16)]
const WATCH = { op: 'watch', filter: 'greater 60000', count: 100 } as const
const OVER = { ok: true, value: { explanations: [], isOver: true } }

const refused = (watches: Watches, client: string): Promise<unknown> =>
  watches.answer(WATCH, client, false).catch((error: unknown) => error)

t.test('who has no token watches for a minute, asks as he may, and others come next', async t => {
  const { watches, asked, pass } = noted()
  t.match(await watches.answer(WATCH, reader, false), { ok: true })
  for (let second = 0; second < 59; second++) {
    pass(1000)
    t.match(await watches.answer({ op: 'watched' }, reader, false), { value: { isOver: false } })
  }
  pass(1000)
  t.strictSame(await watches.answer({ op: 'watched' }, reader, false), OVER)
  t.equal(asked.at(-1)?.op, 'unwatch', 'the director watches no more')
  t.match(await refused(watches, other), { status: 429, retryAfter: 10 })
  t.match(await watches.answer(WATCH, admin, true), { ok: true }, 'who has a token need not wait')
  for (let minute = 0; minute < 20; minute++) {
    pass(9000)
    t.match(await watches.answer({ op: 'watched' }, admin, true), { value: { isOver: false } }, 'nor end')
  }
  t.match(await watches.answer(WATCH, reader, false), { ok: false, refusal: 'EBUSY' })
})

t.test('who ends his watch in time and begins another has no more of it', async t => {
  const { watches, pass } = noted()
  await watches.answer(WATCH, reader, false)
  for (let so = 0; so < 6; so++) {
    pass(9000)
    await watches.answer({ op: 'watched' }, reader, false)
  }
  await watches.answer({ op: 'unwatch' }, reader, false)
  t.match(await refused(watches, reader), { status: 429, retryAfter: 9 })
  pass(9000)
  t.match(await watches.answer(WATCH, reader, false), { ok: true })
})

t.test('few flows come up for who has no token, whatever he asks for', async t => {
  const { watches, asked, pass } = noted()
  for (const [flows, isTrusted, most] of [
    [undefined, false, 64],
    [1e6, false, 64],
    [3, false, 3],
    [undefined, true, undefined],
  ] as const) {
    await watches.answer({ ...WATCH, ...(flows && { flows }) }, reader, isTrusted)
    t.equal((asked.at(-1) as Request<'watch'>).flows, most)
    await watches.answer({ op: 'unwatch' }, reader, isTrusted)
    pass(2000)
  }
})

t.test('who has too many flows for that is told', async t => {
  const leaving: Reply<'watched'> = { ok: true, value: { explanations: [], isOver: false, leavesFlows: true } }
  const { control } = new BenchDirector()
  const watches = new Watches({
    call: request => (request.op === 'watched' ? leaving : control.call(request)),
  } as Control)
  await watches.answer(WATCH, reader, false)
  t.strictSame(await watches.answer({ op: 'watched' }, reader, false), leaving)
  const { merge } = OPERATIONS.watched
  t.strictSame(merge([leaving.value, OVER.value]), { explanations: [], isOver: false, leavesFlows: true })
  t.strictSame(merge([OVER.value, OVER.value]), OVER.value)
})

t.test('who has a token takes the place of who has none, and of nobody else', async t => {
  const { watches, asked, pass } = noted()
  await watches.answer(WATCH, reader, false)
  pass(1000)
  t.match(await watches.answer(WATCH, admin, true), { ok: true })
  t.strictSame(await watches.answer({ op: 'watched' }, reader, false), OVER)
  pass(1000)
  t.match(await watches.answer(WATCH, other, true), { ok: false, refusal: 'EBUSY' })
  await watches.answer({ op: 'unwatch' }, admin, true)
  pass(1000)
  await watches.answer(WATCH, reader, false)
  pass(10_000)
  asked.length = 0
  await watches.answer(WATCH, admin, true)
  t.strictSame(
    asked.map(({ op }) => op),
    ['watch'],
    'one that nobody asks for has ended: the director may have one of uvs explain',
  )
})

t.test('who lets his watch be forgotten rests as who ends it', async t => {
  const { watches, asked, pass } = noted()
  await watches.answer(WATCH, reader, false)
  pass(10_000)
  t.match(await refused(watches, reader), { status: 429, retryAfter: 2 })
  t.match(await refused(watches, other), { status: 429, retryAfter: 2 })
  pass(1667)
  asked.length = 0
  await refused(watches, other)
  t.match(asked, [{ op: 'watch' }])
  pass(60_000)
  await refused(watches, reader)
  t.match(asked.at(-1), { op: 'watch' }, 'a rest is from when it was forgotten')
})
