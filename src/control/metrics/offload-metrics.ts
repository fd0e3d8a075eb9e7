import type { OffloadCounts } from '../protocol/api.js'

/** The metrics of the program that forwards flows; there where it runs. Those that end in _total are counters. */
export const OFFLOAD_METRICS: readonly { name: string; help: string; of: keyof OffloadCounts }[] = [
  {
    of: 'flows',
    name: 'uvs_offload_flows',
    help: 'Flows that the flow program forwards; one direction of a connection',
  },
  { of: 'capacity', name: 'uvs_offload_capacity', help: 'The most flows that the flow program can have' },
  { of: 'packets', name: 'uvs_offload_packets_total', help: 'Packets forwarded by the flow program' },
  { of: 'octets', name: 'uvs_offload_octets_total', help: 'IP octets forwarded by the flow program' },
  { of: 'entered', name: 'uvs_offload_entered_total', help: 'Flows handed to the flow program' },
  { of: 'refused', name: 'uvs_offload_refused_total', help: 'Times that a flow found no room in the flow program' },
  { of: 'evicted', name: 'uvs_offload_evicted_total', help: 'Idle flows that made room for others' },
  { of: 'epochs', name: 'uvs_offload_epochs_total', help: 'Changes after which all flows were decided on anew' },
  { of: 'lost', name: 'uvs_offload_lost_total', help: 'Frames that the flow program could not finish, and dropped' },
]
