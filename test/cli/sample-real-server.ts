import { realServerDocument } from '../../src/cli/uvs/realserver-document.js'

const options = { interfaces: ['eth0'], vips: ['10.99.1.100'], guePort: 6080, device: 'uvs-rs', decap: 'auto' } as const

/** What `uvs realserver status --json` prints of one that has every field. */
export function sampleRealServer(): string {
  return realServerDocument(
    {
      vips: { '10.99.1.100': { tunnel: true }, '10.99.1.101': { tunnel: false } },
      way: 'userspace',
      changes: [],
      decapsulator: { options, process: { pid: 4321, start: '1' } },
    },
    {
      options,
      counters: { ipip: 5, 'drop-inner-not-vip': 0, 'by-program': 4 },
      program: { on: [{ interface: 'eth0', way: 'tcx' }], why: 'eth1: CAP_BPF is missing' },
    },
    ['lo is down'],
  )
}
