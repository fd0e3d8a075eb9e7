import t from 'tap'
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
  t.match(await begin(other), { ok: true }, 'what was refused has begun nothing')
  t.strictSame([await isOver(mine), await isOver(other)], [true, false])
})
