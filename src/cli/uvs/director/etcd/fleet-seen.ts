import type { FleetDirector, FleetShown } from '../../../../control/dashboard/fleet.js'
import { printable } from '../../../../control/protocol/printable.js'
import { DRAINED_DIRECTORS, REVISION, type FleetStore } from '../../../../fleet/write/fleet-store.js'
import { keyShown } from '../../../../fleet/write/raced.js'
import { noteWords, readNote } from '../../../../fleet/write/write-note.js'
import { publishedDirectors, type PublishedDirector } from '../../fleet/directors.js'
import { judge, stateWord } from '../../fleet/status-fleet.js'

/** The fleet as `uvs fleet status` has it, by three small reads: the keys of rules may be thousands. EtcdError. */
export async function fleetSeen(store: FleetStore, self: string): Promise<FleetShown> {
  const [found, marks, directors] = await Promise.all([
    store.get(REVISION),
    store.list(DRAINED_DIRECTORS),
    publishedDirectors(store),
  ])
  const drained = marks.map(({ key }) => keyShown(key.slice(DRAINED_DIRECTORS.length)))
  const note = found && readNote(found.value)
  // Rules that were written by hand leave no note: then the newest that anybody has.
  const revision = Math.max(found?.modRevision ?? 0, ...directors.map(({ state }) => state?.rules.revision ?? 0))
  const { faults } = judge({ revision, note, directors, drained }, 1)
  return {
    self,
    revision,
    ...(note && { written: noteWords(note) }),
    directors: directors.map(each => shown(each, drained)),
    faults: [...faults],
  }
}

function shown(director: PublishedDirector, drained: readonly string[]): FleetDirector {
  const { name, state } = director
  const word = stateWord(director, drained)
  if (!state) return { name, state: word }
  const { rules, health, load, uvs, since } = state
  const { revision, services, realServers } = rules
  const { connections, cps, inPps, outPps } = load
  const { realServersDown } = health
  const known = { revision, services, realServers, realServersDown, connections, cps, inPps, outPps }
  return { name, state: word, known: { ...known, uvs: printable(uvs), since: printable(since) } }
}
