import type { DirectorState } from '../../../../src/fleet/publish/director-state.js'

/** What a director publishes. `connections`: those left on 10.0.1.1:80 of 10.0.0.1:80, which has weight 0. */
export function sampleState(name: string, revision: number, connections = 0): DirectorState {
  const service = { protocol: 'tcp', address: '10.0.0.1', port: 80 } as const
  return {
    name,
    uvs: '0.2.0',
    since: '2026-11-30T05:00:00Z',
    rules: { revision, from: 'etcd', services: 2, realServers: 10 },
    health: { servicesDown: 0, realServersDown: 1 },
    load: { connections: 1234, cps: 10, inPps: 99.6, outPps: 0, inBps: 0, outBps: 0 },
    isDraining: false,
    draining: connections > 0 ? [{ service, address: '10.0.1.1', port: 80, connections }] : [],
  }
}
