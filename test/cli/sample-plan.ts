import type {
  Answer,
  BlockChange,
  InstanceChange,
  PlannedChange,
  ReloadPlanPage,
} from '../../src/control/protocol/api.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'

const service = { protocol: 'tcp', address: '192.0.2.1', port: 80 } as const
const destination = { address: '10.0.0.2', port: 80 }

const ROWS: PlannedChange[] = [
  {
    request: { op: 'edit-service', service, settings: serviceSettings('rr') },
    was: serviceSettings('wrr'),
    connections: 7,
  },
  {
    request: { op: 'edit-destination', service, destination, settings: destinationSettings(3) },
    was: destinationSettings(1),
    connections: 7,
  },
  { request: { op: 'delete-destination', service, destination: { address: '10.0.0.3', port: 80 } }, connections: 0 },
]

const INSTANCES: InstanceChange[] = [
  {
    instance: 'VI_1',
    change: 'removed',
    settings: [
      { keyword: 'interface', was: 'eth0' },
      { keyword: 'virtual_router_id', was: '51' },
    ],
  },
  {
    instance: 'VI_2',
    change: 'added',
    settings: [
      { keyword: 'interface', is: 'eth0' },
      { keyword: 'virtual_router_id', is: '52' },
    ],
  },
  {
    instance: 'VI_3',
    change: 'changed',
    settings: [
      { keyword: 'priority', is: '150', was: '100' },
      { keyword: 'nopreempt', is: 'on' },
      { keyword: 'track_script', was: 'chk' },
    ],
  },
]

const BLOCKS: BlockChange[] = [
  { block: 'vrrp_sync_group', name: 'G', change: 'added', settings: [{ keyword: 'group', is: 'VI_2, VI_3' }] },
  { block: 'vrrp_script', name: 'chk', change: 'changed', settings: [{ keyword: 'interval', is: '2 s', was: '1 s' }] },
]

/** Two pages of what a reload would change; of /bad.conf, which cannot be read. */
export async function samplePlan(file: string, from: number): Promise<Answer<ReloadPlanPage>> {
  if (file === '/bad.conf') return { ok: false, refusal: 'EINVAL', message: '/bad.conf: no good' }
  const rows = ROWS.slice(from, from + 2)
  const isFirst = from === 0
  const left = isFirst ? ['10.0.0.9:80 of tcp 192.0.2.1:80 is not there: it is left alone'] : []
  return {
    ok: true,
    value: { rows, instances: isFirst ? INSTANCES : [], blocks: isFirst ? BLOCKS : [], left, next: isFirst ? 2 : null },
  }
}
