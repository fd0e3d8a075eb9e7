import type { KeepalivedConfig } from '../config/tree/config.js'
import type { GroupEntry, VirtualServer } from '../config/tree/virtual-server.js'

/** A virtual server, and what its group has. */
export interface CheckedService extends VirtualServer {
  /** Empty for a service that is no group. */
  readonly entries: readonly GroupEntry[]
}

/** The virtual servers of a configuration; one of a group that there is none of is left out. */
export function checkedServices(config: KeepalivedConfig): CheckedService[] {
  return config.virtualServers.flatMap(service => {
    const { target } = service
    if (target.kind !== 'group') return [{ ...service, entries: [] }]
    const group = config.virtualServerGroups.find(({ name }) => name === target.group)
    return group ? [{ ...service, entries: group.entries }] : []
  })
}
