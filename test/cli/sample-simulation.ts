import { localScenario } from './uvs/simulate/local-scenario.js'
import { simulationDocument } from '../../src/cli/uvs/simulate/simulation-document.js'

/** A result in which every list has something. */
export async function sampleSimulation(): Promise<string> {
  const scenario = await localScenario({
    duration: '6s',
    step: '1s',
    clients: [{ name: 'web', from: '10.1.0.0/16', to: '10.0.0.100:80', arrivals: { constant: '20/s' }, timeout: '1s' }],
    servers: [
      { name: 'rs1', address: '10.0.1.1' },
      { name: 'rs2', address: '10.0.1.2' },
    ],
    floods: [{ from: '100.64.0.0/10', to: '10.0.0.100:80', syns: '10/s', end: '1s' }],
    rules: '-A -t 10.0.0.100:80 -s rr\n-a -t 10.0.0.100:80 -r 10.0.1.1:80 -m\n-a -t 10.0.0.100:80 -r 10.0.1.2:80 -m',
    changes: [
      { at: '2s', fail: 'rs1' },
      { at: '4s', drain: 'rs2', deadline: '1s', afterwards: 'reset' },
    ],
    assert: ['no connection broken'],
  })
  return simulationDocument({ kind: 'scenario', scenario }, [])
}
