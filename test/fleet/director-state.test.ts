import t from 'tap'
import { type DirectorState, directorStateText, readDirectorState } from '../../src/fleet/director-state.js'

const STATE: DirectorState = {
  version: 1,
  uvs: '0.2.0',
  since: '2026-11-30T05:00:00Z',
  at: '2026-11-30T05:10:00.123Z',
  state: 'serving',
  revision: 17,
  problem: 'services/web: no such scheduler',
  services: 10,
  servers: 50,
  serversOut: 2,
  connections: 1234,
  packetsPerSecond: 99,
  draining: [
    { service: { protocol: 'tcp', address: '10.0.0.1', port: 80 }, address: '10.0.1.1', port: 80, connections: 3 },
    { service: { mark: 7 }, address: '10.0.1.2', port: 0, connections: 1 },
  ],
}

t.test('a state is read as it was written', async t => {
  t.strictSame(readDirectorState(directorStateText(STATE)), STATE)
  const { problem: _problem, ...well } = STATE
  t.strictSame(readDirectorState(directorStateText(well)), well)
  t.strictSame(readDirectorState(JSON.stringify({ ...STATE, more: 1 })), STATE, 'a later director may say more')
})

t.test('what is none is refused in a line that says which field', async t => {
  const cases: [string, string][] = [
    ['', 'no JSON'],
    ['[]', 'state: not an object'],
    [JSON.stringify({ ...STATE, version: 2 }), 'state.version: not an integer from 1 to 1'],
    [JSON.stringify({ ...STATE, uvs: '\x1b[2J' }), 'state.uvs: not printable text'],
    [JSON.stringify({ ...STATE, problem: 'x'.repeat(1001) }), 'state.problem: not printable text'],
    [JSON.stringify({ ...STATE, state: 'fine' }), 'state.state: not one of serving, waiting, stale, draining'],
    [JSON.stringify({ ...STATE, connections: '7' }), 'state.connections: not an integer from 0 to 9007199254740991'],
    [
      JSON.stringify({ ...STATE, draining: Array(300).fill(STATE.draining[0]) }),
      'state.draining: not a list of at most 256',
    ],
    [JSON.stringify({ ...STATE, at: 'now' }), 'state.at: not a time'],
  ]
  for (const [value, message] of cases) t.throws(() => readDirectorState(value), { message }, value.slice(0, 60))
})
