import { EventEmitter, once } from 'node:events'
import t from 'tap'
import { FlowsHereReader } from '../../../src/control/metrics/flows-here.js'
import type { Control } from '../../../src/control/protocol/api.js'

t.test('flows are counted once a minute; what is refused is told, and asked again', async t => {
  let [nowMs, asked, isOk] = [0, 0, true]
  const call = async (): Promise<unknown> => {
    asked++
    return isOk ? { ok: true, value: { here: { young: asked } } } : { ok: false, message: 'too busy' }
  }
  const flows = new FlowsHereReader({ call } as unknown as Control, () => nowMs)
  const read = async (atMs: number): Promise<unknown> => {
    nowMs = atMs
    await flows.read()
    return flows.samples
  }
  t.strictSame(await read(0), [[{ why: 'young' }, 1]])
  t.strictSame(await read(59_999), [[{ why: 'young' }, 1]])
  t.strictSame(await read(60_000), [[{ why: 'young' }, 2]])
  isOk = false
  await t.rejects(read(120_000), { message: 'too busy' })
  isOk = true
  t.strictSame(await read(120_001), [[{ why: 'young' }, 4]])
})

t.test('who asks for metrics does not wait for a long count, which goes on alone', async t => {
  let asked = 0
  const director = new EventEmitter()
  const call = async (): Promise<unknown> => {
    asked++
    await once(director, 'finish')
    return { ok: true, value: { here: { young: 7 } } }
  }
  const flows = new FlowsHereReader({ call } as unknown as Control)
  await Promise.all([flows.read(), flows.read()])
  t.strictSame([asked, flows.samples], [1, []])
  const counted = flows.read()
  director.emit('finish')
  await counted
  t.strictSame([asked, flows.samples], [1, [[{ why: 'young' }, 7]]])
})
