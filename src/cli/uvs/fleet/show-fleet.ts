import type { Outcome, ServiceInfo } from '../../../control/protocol/api.js'
import { newestOf } from '../../../fleet/write/fleet-store.js'
import { keyShown } from '../../../fleet/write/raced.js'
import { noteFields, noteWords, readNote, type WriteNote } from '../../../fleet/write/write-note.js'
import { encodeService } from '../../../fleet/service-value.js'
import { jsonDocument } from '../../json.js'
import { serviceLines } from '../../uvsadm/commands/save.js'
import { sortServices } from '../../uvsadm/listing/sort.js'
import type { Given } from '../options/read-options.js'
import type { FleetSession } from './fleet-session.js'
import { storedRules } from './stored-rules.js'
import { trialMaker } from './trial-rules.js'

/** `uvs fleet show`: the rules as FILE would have them. Status 1 if directors refuse a key, which is named on standard error. */
export async function showFleet(given: Given, { store, keys }: FleetSession): Promise<Outcome> {
  const makeTrial = await trialMaker(given.all('--scheduler'))
  const snapshot = await store.read()
  const { services, broken } = await storedRules(snapshot, keys, makeTrial())
  const note = snapshot.note && readNote(snapshot.note.value)
  const sorted = sortServices(services)
  const revision = newestOf(snapshot)
  const out = given.has('--json')
    ? jsonDocument('fleetRules', { revision, ...noteFields(note), services: sorted.map(document), broken })
    : [headline(keys.prefix, revision, note), ...sorted.flatMap(service => serviceLines(service)), ''].join('\n')
  const faults = broken.map(({ key, why }) => `${keyShown(key)}: ${why}`)
  if (note?.unfinished) faults.push(`the write of ${noteWords(note)} is not finished`)
  if (faults.length > 0) faults.push('directors keep the rules that they have until that is mended')
  return { status: faults.length > 0 ? 1 : 0, out, err: faults.map(fault => `uvs fleet: ${fault}\n`).join('') }
}

function headline(prefix: string, revision: number, note: WriteNote | undefined): string {
  return `# ${prefix} at revision ${revision}${note ? `, last ${note.command} by ${noteWords(note)}` : ''}`
}

/** A service as it is in a value: without counts. */
function document(service: ServiceInfo): unknown {
  return (JSON.parse(encodeService(service)) as { service: unknown }).service
}
