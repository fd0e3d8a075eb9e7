import t from 'tap'
import { formatPlan } from '../../../../src/cli/uvs/rules/format-plan.js'
import type { PlannedChange } from '../../../../src/control/protocol/api.js'
import { destinationSettings } from '../../../support/settings.js'

const service = { protocol: 'tcp', address: '2001:db8::1', port: 80 } as const
const destination = { address: '10.0.0.2', port: 80 }
const other = { address: '2001:db8::2', port: 80 }

t.test('a line a change: what comes, what goes, and whom it touches', async t => {
  const changes: PlannedChange[] = [
    { request: { op: 'add-destination', service, destination, settings: destinationSettings(3) }, connections: 0 },
    { request: { op: 'delete-destination', service, destination: other }, connections: 2 },
    { request: { op: 'delete-service', service: { mark: 7 } }, connections: 1 },
  ]
  t.strictSame(formatPlan(changes).trimEnd().split('\n'), [
    '+ -a -t [2001:db8::1]:80 -r 10.0.0.2:80 -m -w 3',
    '- -d -t [2001:db8::1]:80 -r [2001:db8::2]:80 (2 connections)',
    '- -D -f 7 (1 connection)',
  ])
})
