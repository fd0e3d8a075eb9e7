import t from 'tap'
import { inListedOrder } from '../../../src/cli/uvs/plan-order.js'
import type { PlannedChange, RuleChange } from '../../../src/control/protocol/api.js'

/** `delete-service 2`: of 10.0.0.2:80; `delete-destination 2 9`: and its server 10.1.0.9:80. */
function changes(...texts: string[]): PlannedChange[] {
  return texts.map(text => {
    const [op, service, server] = text.split(' ')
    const key = { protocol: 'tcp', address: `10.0.0.${service}`, port: 80 }
    const destination = server && { destination: { address: `10.1.0.${server}`, port: 80 } }
    return { request: { op, service: key, ...destination } as RuleChange, connections: 0 }
  })
}

t.test('a plan is in the order of a listing, in three parts', async t => {
  const planned = changes(
    'delete-service 9',
    'delete-service 8',
    'add-service 5',
    'add-destination 5 2',
    'add-destination 5 1',
    'edit-service 1',
    'delete-destination 1 12',
    'delete-destination 1 2',
    'add-destination 4 1',
    'delete-service 12',
    'delete-service 3',
    'delete-service 7',
  )
  const wanted = changes(
    'delete-service 8',
    'delete-service 9',
    'edit-service 1',
    'delete-destination 1 2',
    'delete-destination 1 12',
    'add-destination 4 1',
    'add-service 5',
    'add-destination 5 2',
    'add-destination 5 1',
    'delete-service 3',
    'delete-service 7',
    'delete-service 12',
  )
  t.strictSame(inListedOrder(planned), wanted)
  t.strictSame(inListedOrder([]), [])
})
