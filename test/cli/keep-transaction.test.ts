import { mock } from 'node:test'
import t from 'tap'
import { keepTransaction } from '../../src/cli/keep-transaction.js'
import type { Control } from '../../src/control/protocol/api.js'

t.test('an empty request every three seconds, until it is let go', async t => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => mock.timers.reset())
  const asked: unknown[] = []
  const control: Control = {
    call: async request => {
      asked.push(request)
      throw new Error('gone') // as when the director ends meanwhile: whoever awaits a request is told
    },
  }
  const letGo = keepTransaction(control)
  mock.timers.tick(2999)
  t.equal(asked.length, 0)
  mock.timers.tick(1)
  t.strictSame(asked, [{ op: 'stage', requests: [] }])
  mock.timers.tick(9000)
  t.equal(asked.length, 4)
  letGo()
  mock.timers.tick(60_000)
  t.equal(asked.length, 4)
})
