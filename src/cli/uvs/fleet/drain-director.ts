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
import { stateWord } from './status-fleet.js'

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
  if (given.has('--undo')) {
    if (given.has('--last')) throw new UsageError('--last and --undo: one or the other')
    await patiently(() => store.write({ conditions: [], puts: [], deletes: [key] }), world)
    say(asJson, `${name}: not to be drained`, { state: 'undone', director: name })
    return 0
  }
  const value = JSON.stringify({ version: 1, by: world.by, at: world.date() })
  for (let isWritten = false; !isWritten;) {
    const others = await othersThatServe(session, name)
    if (others?.length === 0 && !given.has('--last')) throw new Error(isTheLast(name))
    // Somebody who drains another one at this moment must not leave none: then all is looked at again.
    const conditions = (others ?? []).map(other => ({ key: DRAINED_DIRECTORS + other, modRevision: 0 }))
    const write = { conditions, puts: [{ key, value }], deletes: [] }
    isWritten = (await patiently(() => store.write(write), world)).done
  }
  const undo = `uvs fleet drain --director ${name} --undo`
  say(asJson, `${name}: to be drained; before it starts again: ${undo}`, { state: 'written', director: name, undo })
  return watchDrain(session, () => lookAtDirector(session, name), deadlineS, asJson)
}

/** Names of those that go on when this one is drained; undefined if it does not serve itself. Error of a line if it is not there. */
async function othersThatServe({ store }: FleetSession, name: string): Promise<string[] | undefined> {
  const directors = await publishedDirectors(store)
  const marks = (await store.list(DRAINED_DIRECTORS)).map(({ key }) => key.slice(DRAINED_DIRECTORS.length))
  const own = directors.find(director => director.name === name)
  if (!own) {
    const known = directors.map(director => director.name).join(', ')
    throw new Error(`there is no director ${name} in etcd${known === '' ? '' : `; those there are: ${known}`}`)
  }
  const serving = directors.filter(director => stateWord(director, marks) === 'serving')
  // What says nothing of itself may serve.
  if (own.state && !serving.includes(own)) return undefined
  return serving.filter(director => director !== own).map(director => director.name)
}

function isTheLast(name: string): string {
  return `${name} is the last director that serves: without it no VIP is announced; --last drains it all the same`
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
