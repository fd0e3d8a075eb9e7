import type { Committed, ServiceInfo } from '../../../control/protocol/api.js'
import type { Changes, Snapshot } from '../../../fleet/write/fleet-store.js'
import { keyShown } from '../../../fleet/write/raced.js'
import { Writer } from '../../../fleet/write/writer.js'
import { jsonDocument } from '../../json.js'
import { parsedRules } from '../rules/parsed-rules.js'
import type { Given } from '../options/read-options.js'
import { numberOf } from './fleet-options.js'
import type { FleetSession } from './fleet-session.js'
import { appliedText, fleetPlanText } from './fleet-text.js'
import { type FleetPlan, planFleet } from './plan-fleet.js'
import { storedRules } from './stored-rules.js'
import { trialMaker } from './trial-rules.js'

const RETRIES_MAX = 1000

/** `uvs fleet plan FILE`: shows what apply would write. Returns the text. */
export async function planFile(given: Given, { store, keys }: FleetSession): Promise<string> {
  const file = await fileRules(given)
  const snapshot = await store.read()
  const stored = await storedRules(snapshot, keys, file.makeTrial())
  const plan = planFleet(snapshot, stored, file.desired)
  if (!given.has('--json')) return fleetPlanText(plan)
  const { revision, changes, broken, movesRules } = plan
  return jsonDocument('fleetPlan', { revision, changes, broken, movesRules })
}

/** `uvs fleet apply FILE`: makes the prefix hold the rules of FILE. Returns the text. Throws Raced. */
export async function applyFile(given: Given, { store, keys, world }: FleetSession): Promise<string> {
  const retries = numberOf(given, '--retry', RETRIES_MAX) ?? 0
  const at = numberOf(given, '--at')
  const file = await fileRules(given)
  let plan: FleetPlan | undefined
  const makePlan = async (snapshot: Snapshot): Promise<Changes> => {
    const stored = await storedRules(snapshot, keys, file.makeTrial())
    const [newer] = stored.newer
    if (newer) throw new Error(`${keyShown(newer.key)}: ${newer.why}: nothing was written`)
    plan = planFleet(snapshot, stored, file.desired)
    return plan.write
  }
  const { revision, parts } = await new Writer(store, world).whole(makePlan, { command: 'apply', retries, at })
  const counts = countsOf(plan!)
  if (!given.has('--json')) return appliedText(counts, plan!, revision)
  const { write, broken } = plan!
  const written = { written: write.puts.length, deleted: write.deletes.length }
  return jsonDocument('fleetApplied', { revision, transactions: parts, changes: counts, keys: written, broken })
}

/** The rules of FILE, and what makes trials for those of the prefix. UsageError for the first invalid line. */
async function fileRules(given: Given): Promise<{
  desired: ServiceInfo[]
  makeTrial: Awaited<ReturnType<typeof trialMaker>>
}> {
  const makeTrial = await trialMaker(given.all('--scheduler'))
  const trial = makeTrial()
  await trial.take(parsedRules(given.words[1]!))
  return { desired: await trial.services(), makeTrial }
}

function countsOf({ changes }: FleetPlan): Committed['changes'] {
  const counts: Committed['changes'] = {}
  for (const { request } of changes) counts[request.op] = (counts[request.op] ?? 0) + 1
  return counts
}
