import { UsageError } from '../../../director/options.js'
import { DIRECTOR_NAME_HELP, isDirectorName } from '../../../fleet/fleet-keys.js'
import { patiently } from '../../../fleet/write/careful-write.js'
import { DRAINED_DIRECTORS } from '../../../fleet/write/fleet-store.js'
import { deadlineOf } from '../drain/drain-options.js'
import type { Given } from '../options/read-options.js'
import { connectionsText } from '../rules/format-plan.js'
import { publishedDirectors } from './directors.js'
import { type Look, say, watchDrain } from './drain-watch.js'
import type { FleetSession } from './fleet-session.js'

/** `uvs fleet drain --director NAME`: marks it, and looks until it has gone. Returns the exit status. */
export async function drainDirector(given: Given, name: string, session: FleetSession): Promise<number> {
  const { store, world } = session
  const stray =
    given.words[1] ?? ['-t', '-u', '--sctp-service', '-f', '-6', '-r', '--weight'].find(flag => given.has(flag))
  if (stray !== undefined) throw new UsageError(`--director NAME and '${stray}': a director or a real server`)
  if (!isDirectorName(name)) throw new UsageError(`--director: '${name}' is not ${DIRECTOR_NAME_HELP}`)
  const deadlineS = deadlineOf(given)
  const asJson = given.has('--json')
  const key = DRAINED_DIRECTORS + name
  const mark = (changes: { puts?: { key: string; value: string }[]; deletes?: string[] }) =>
    patiently(() => store.write({ conditions: [], puts: [], deletes: [], ...changes }), world)
  if (given.has('--undo')) {
    await mark({ deletes: [key] })
    say(asJson, `${name}: not to be drained`, { state: 'undone', director: name })
    return 0
  }
  const known = (await publishedDirectors(store)).map(director => director.name)
  if (!known.includes(name))
    throw new Error(
      `there is no director ${name} in etcd${known.length > 0 ? `; those there are: ${known.join(', ')}` : ''}`,
    )
  const value = JSON.stringify({ version: 1, by: world.by, at: world.date() })
  await mark({ puts: [{ key, value }] })
  const undo = `uvs fleet drain --director ${name} --undo`
  say(asJson, `${name}: to be drained; before it starts again: ${undo}`, { state: 'written', director: name, undo })
  return watchDrain(session, () => lookAtDirector(session, name), deadlineS, asJson)
}

/** It has gone when its lease has ended. */
async function lookAtDirector({ store }: FleetSession, name: string): Promise<Look> {
  const found = (await publishedDirectors(store)).find(director => director.name === name)
  if (!found) return { text: '', directors: [], end: { state: 'drained', message: `${name} has stopped` } }
  const { state } = found
  const connections = state?.load.connections
  const counts = connections === undefined ? '' : `, ${connectionsText(connections)}`
  const text = `${name} ${state?.isDraining ? 'drains' : 'has not begun'}${counts}`
  return { text, directors: [{ name, connections, hasIt: state?.isDraining ?? false }] }
}
