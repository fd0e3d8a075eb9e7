import type { ConfigDraft, InstanceDraft } from '../draft.js'
import type { Tracked } from '../tree/vrrp.js'

/** Its own interface is followed anyway; weights do not go with an address owner's priority, nor within a sync group. */
export function checkTracking(
  draft: InstanceDraft,
  priority: number,
  group: string | undefined,
  config: ConfigDraft,
  says: (text: string) => void,
): void {
  const own = draft.interfaces.findIndex(({ name }) => name === draft.interface)
  if (own >= 0) {
    says(`Ignoring track_interface ${draft.interface} since own interface`)
    draft.interfaces.splice(own, 1)
  }
  const why = group !== undefined ? 'SYNC group' : priority === 255 ? 'address_owner' : undefined
  if (why === undefined) return
  const kinds: [string, Tracked[], (readonly Weighted[])?][] = [
    ['script', draft.scripts, config.scripts],
    ['interface', draft.interfaces],
    ['file', draft.files, config.trackFiles],
    ['process', draft.processes, config.trackProcesses],
    ['bfd', draft.bfds],
  ]
  for (const [kind, list, things = []] of kinds)
    for (const tracked of list.filter(one => weightOf(one, things) !== 0)) {
      says(`ignoring tracked ${kind} ${tracked.name} with weights due to ${why}`)
      list.splice(list.indexOf(tracked), 1)
    }
}

interface Weighted {
  readonly name: string
  readonly weight: number
}

/** That said where it is followed, else the thing's own. */
function weightOf({ name, weight }: Tracked, things: readonly Weighted[]): number {
  return weight ?? things.find(thing => thing.name === name)?.weight ?? 0
}
