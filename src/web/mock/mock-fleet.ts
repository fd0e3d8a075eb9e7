import type { FleetShown } from '../../control/dashboard/fleet.ts'

/** Three directors, of which one lags and one leaves. */
export const FLEET: FleetShown = {
  self: 'lb1',
  revision: 42,
  written: 'alice@lb1, 2026-01-01T00:00:00Z',
  directors: ['lb1', 'lb2', 'lb3'].map((name, at) => ({
    name,
    state: at === 1 ? 'draining' : 'serving',
    known: {
      revision: at === 2 ? 40 : 42,
      services: 40,
      realServers: 120,
      realServersDown: at,
      connections: 30_000 * (3 - at),
      cps: 120.5,
      inPps: 42_000,
      outPps: 41_000,
      uvs: '0.2.0',
      since: '2026-01-01T00:00:00.000Z',
    },
  })),
  faults: ['lb3: it has the rules of revision 40, not 42'],
}
