import type { InstanceDraft } from '../draft.js'
import type { Tracked } from '../tree/vrrp.js'

/** Its own interface is followed anyway; weights do not go with an address owner's priority, nor within a sync group. */
export function checkTracking(
  draft: InstanceDraft,
  priority: number,
  group: string | undefined,
  says: (text: string) => void,
): void {
  const own = draft.interfaces.findIndex(({ name }) => name === draft.interface)
  if (own >= 0) {
    says(`Ignoring track_interface ${draft.interface} since own interface`)
    draft.interfaces.splice(own, 1)
  }
  const why = group !== undefined ? 'SYNC group' : priority === 255 ? 'address_owner' : undefined
  if (why === undefined) return
  const kinds: [string, Tracked[]][] = [
    ['script', draft.scripts],
    ['interface', draft.interfaces],
    ['file', draft.files],
    ['process', draft.processes],
    ['bfd', draft.bfds],
  ]
  for (const [kind, list] of kinds)
    for (const tracked of list.filter(({ weight }) => weight !== undefined && weight !== 0)) {
      says(`ignoring tracked ${kind} ${tracked.name} with weights due to ${why}`)
      list.splice(list.indexOf(tracked), 1)
    }
}
