import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { threadCpu } from '../../bench/wire/thread-cpu.js'
import { DataPlane } from '../../src/plane/data-plane.js'
import { ownNetwork, veth } from '../linux/own-network.js'

const skip = ownNetwork()
const ROUNDS = 300
/** It looks so often whether there is something to do. */
const UNASKED_MS = 100

t.test('each request wakes the thread, which sleeps again afterwards', { skip }, async t => {
  veth('dc', 'cc')
  const director = { addresses: ['10.99.1.1/24@dc'], maxConnections: 1024, seed: 1 }
  const plane = (await DataPlane.start({ devices: [{ kind: 'raw', name: 'dc' }], director }, () => {}))!
  t.teardown(() => plane.stop())
  let answered = 0
  const ask = async (): Promise<void> => {
    const reply = await plane.call({ op: 'totals' })
    if (reply.ok) answered++
  }
  let slow = 0
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now()
    // While it works on the first, others come: their wake-ups are for a thread that is awake.
    const asked = [ask()]
    for (let more = 0; more < round % 6; more++) {
      await nextTurn()
      asked.push(ask())
    }
    await Promise.all(asked)
    if (performance.now() - began > UNASKED_MS / 2) slow++
    if (round % 50 === 0) await sleep(20)
  }
  t.ok(slow < ROUNDS / 10, `${slow} of ${ROUNDS} waited for the thread to wake by itself`)
  t.equal(answered, ROUNDS + (ROUNDS / 6) * 15)
  const main = process.pid
  const before = threadCpu(main)
  await sleep(500)
  const busiest = Math.max(...[...threadCpu(main)].map(([tid, ms]) => (tid === main ? 0 : ms - (before.get(tid) ?? 0))))
  t.ok(busiest < 100, `in half a second the busiest thread has worked for ${busiest} ms`)
})
