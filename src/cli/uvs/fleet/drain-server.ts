import type { Control, DestinationKey, Reply, ServiceInfo, ServiceKey } from '../../../control/protocol/api.js'
import { POSITIVE } from '../../../control/protocol/check.js'
import { printable } from '../../../control/protocol/printable.js'
import { UsageError } from '../../../director/options.js'
import type { DirectorState } from '../../../fleet/publish/director-state.js'
import { serviceIdentity } from '../../../fleet/fleet-rules.js'
import { KeyError } from '../../../fleet/key-error.js'
import { decodeService, encodeService } from '../../../fleet/service-value.js'
import { Writer } from '../../../fleet/write/writer.js'
import { serviceWords } from '../../uvsadm/commands/save.js'
import { endpointText } from '../../../control/protocol/service-name.js'
import { systemNames } from '../../uvsadm/options/names.js'
import { deadlineOf, targetOf } from '../drain/drain-options.js'
import { findTarget } from '../drain/drain-target.js'
import type { Given } from '../options/read-options.js'
import { lookAtServer, say, watchDrain } from './drain-watch.js'
import { numberOf } from './fleet-options.js'
import type { FleetSession } from './fleet-session.js'
import { storedRules } from './stored-rules.js'
import { trialMaker } from './trial-rules.js'

/** `uvs fleet drain SERVICE REALSERVER`: the weight, then what directors have left. Returns the exit status. */
export async function drainServer(given: Given, session: FleetSession): Promise<number> {
  const { store, keys, world } = session
  if (given.has('--last')) throw new UsageError('--last goes with --director NAME')
  if (given.has('--undo')) throw new UsageError('--undo goes with --director NAME; --weight N puts a real server back')
  const weight = numberOf(given, '--weight', POSITIVE) ?? 0
  const deadlineS = deadlineOf(given)
  const words = targetOf(given, given.words.slice(1), 'uvs fleet drain --help')
  const makeTrial = await trialMaker(given.all('--scheduler'))
  const stored = await storedRules(await store.read(), keys, makeTrial())
  const { key: service, destination } = await findTarget(listing(stored.services), words, systemNames())
  const key = stored.keys.get(serviceIdentity(service))
  const name = `${serviceWords(service)} -r ${endpointText(destination)}`
  if (key === undefined)
    throw new Error(
      `${serviceWords(service)} is in the key rules: uvs fleet show > FILE, then uvs fleet apply FILE gives it one of its own`,
    )
  let was = 0
  let isLast = false
  const change = (value: string): string | undefined => {
    const changed = withWeight(keys.all + key, value, service, destination, weight)
    was = changed.was
    isLast = weight === 0 && changed.isLast
    return changed.was === weight ? undefined : changed.value
  }
  const { revision } = await new Writer(store, world).one(key, change, weight === 0 ? 'drain' : 'weight')
  const asJson = given.has('--json')
  const changed = was === weight ? `weight ${weight} already` : `weight ${was} → ${weight}`
  const undo = was > 0 && weight === 0 ? `uvs fleet drain ${name} --weight ${was}` : undefined
  const back = undo === undefined ? '' : `; to put it back: ${undo}`
  say(asJson, `${name}: ${changed}, revision ${revision}${back}`, {
    state: 'written',
    revision,
    was,
    weight,
    isLast,
    ...(undo && { undo }),
  })
  if (isLast) world.tell(`${serviceWords(service)} has no other real server with a weight: new clients are refused`)
  if (given.has('--weight')) return 0
  const remaining = ({ draining = [] }: DirectorState): number =>
    draining
      .filter(each => serviceIdentity(each.service) === serviceIdentity(service) && isSame(each, destination))
      .reduce((sum, { connections }) => sum + connections, 0)
  return watchDrain(session, () => lookAtServer(session, revision, remaining), deadlineS, asJson)
}

function isSame(a: DestinationKey, b: DestinationKey): boolean {
  return a.address === b.address && a.port === b.port
}

/** The value with the weight, what the weight was, and whether no other real server has one. Throws an Error of one line. */
function withWeight(
  key: string,
  text: string,
  service: ServiceKey,
  destination: DestinationKey,
  weight: number,
): { value: string; was: number; isLast: boolean } {
  const found = decoded(key, text)
  const server = found.destinations.find(each => isSame(each, destination))
  if (!server || serviceIdentity(found) !== serviceIdentity(service))
    throw new Error(`somebody has taken ${endpointText(destination)} out of ${serviceWords(service)} meanwhile`)
  const destinations = found.destinations.map(each => (each === server ? { ...each, weight } : each))
  const isLast = found.destinations.every(each => each === server || each.weight === 0)
  return { value: encodeService({ ...found, destinations }), was: server.weight, isLast }
}

function decoded(key: string, text: string): ReturnType<typeof decodeService> {
  try {
    return decodeService(key, text)
  } catch (error) {
    if (error instanceof KeyError) throw new Error(printable(error.message), { cause: error })
    throw error
  }
}

/** A control that lists these services, and does nothing else. */
function listing(services: readonly ServiceInfo[]): Control {
  const list = ({ service }: { service?: ServiceKey | undefined }): Reply => {
    const rows = services.filter(each => !service || serviceIdentity(each) === serviceIdentity(service))
    if (service && rows.length === 0) return { ok: false, refusal: 'ESRCH', message: 'no such service' }
    return { ok: true, value: { rows, next: null } }
  }
  return {
    call: async request => {
      if (request.op !== 'services') throw new UsageError(`${request.op}: no director is asked`)
      return list(request as { service?: ServiceKey }) as never
    },
  }
}
