import type { Outcome } from '../../src/control/protocol/api.js'
import { applyFile, planFile } from '../../src/cli/uvs/fleet/apply-fleet.js'
import { fleet } from '../../src/cli/uvs/fleet/fleet.js'
import type { FleetSession } from '../../src/cli/uvs/fleet/fleet-session.js'
import { showFleet } from '../../src/cli/uvs/fleet/show-fleet.js'
import { statusFleet } from '../../src/cli/uvs/fleet/status-fleet.js'
import { readOptions } from '../../src/cli/uvs/options/read-options.js'
import { FleetKeys } from '../../src/fleet/fleet-keys.js'
import { encodeState } from '../../src/fleet/publish/director-state.js'
import { noteText } from '../../src/fleet/write/write-note.js'
import { hostWorld } from '../fleet/host-world.js'
import { MemoryStore } from '../fleet/write/memory-store.js'
import { sampleState } from './uvs/fleet/sample-state.js'

const SERVICE = {
  protocol: 'tcp',
  address: '10.0.0.1',
  port: 80,
  scheduler: 'sh',
  schedFlags: 1,
  clientAddress: 'toa',
  engine: 'sip',
  persistence: 60,
}

/* The documents of `uvs fleet`, of a fleet in which there is one of everything. */

export function fleetPlan(file: string): Promise<Outcome> {
  return printed(planFile(given('plan', file), sampleFleet()))
}
export function fleetApplied(file: string): Promise<Outcome> {
  return printed(applyFile(given('apply', file), sampleFleet({ isWhole: true })))
}
export async function fleetRules(): Promise<Outcome> {
  return { ...(await showFleet(given('show'), sampleFleet())), status: 0, err: '' }
}
export async function fleetStatus(): Promise<Outcome> {
  return { ...(await statusFleet(given('status'), sampleFleet())), status: 0 }
}

async function printed(out: Promise<string>): Promise<Outcome> {
  return { status: 0, out: await out, err: '' }
}
function given(...words: string[]) {
  return readOptions(fleet, [...words, '--json'])
}

function sampleFleet({ isWhole = false } = {}): FleetSession {
  const store = new MemoryStore()
  const note = { version: 1, id: '0'.repeat(16), by: 'a@h', at: '2026-11-30T05:00:00Z', command: 'apply', changes: 9 }
  const service = {
    ...SERVICE,
    localAddresses: ['10.0.9.1'],
    destinations: [
      { address: '10.0.1.1', port: 80, method: 'fullnat' },
      { address: '10.0.1.2', port: 80, method: 'tunnel', tunnel: { type: 'gue', port: 6080, checksum: 'none' } },
    ],
  }
  const mark = { mark: 7, family: 6 }
  const state = sampleState('d1', 1, 3)
  const beside = { changed: 1, added: 1, first: 'tcp 10.0.0.1:80' }
  const rules = { ...state.rules, refused: 'services/broken: no JSON', beside }
  store.put(
    ['services/web', JSON.stringify({ version: 1, service })],
    ['services/mark', JSON.stringify({ version: 1, service: mark })],
    ['services/broken', '{'],
    ['revision', noteText({ ...note, ...(!isWhole && { unfinished: { done: 2, of: 3 } }) })],
    ['directors/d1', encodeState({ ...state, rules })],
    ['directors/d2', 'rubbish'],
    ['drain/directors/d1', ''],
  )
  return { store, keys: new FleetKeys('/uvs/s'), world: hostWorld('b@h2') }
}
