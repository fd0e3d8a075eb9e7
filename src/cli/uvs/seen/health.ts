import { allHealth } from '../../../control/protocol/all-health.js'
import type { CheckHealth, Control, Outcome, ServerHealth, ServiceHealth } from '../../../control/protocol/api.js'
import { endpointText } from '../../../control/protocol/service-name.js'
import { jsonDocument } from '../../json.js'
import type { UvsCommand } from '../command.js'
import { readOptions } from '../options/read-options.js'
import { nameOf } from './checked-name.js'
import { nextText, rowOf, type Row, type Shape, stateTable } from './state-table.js'
import { showWatched, WATCHED_FORM } from './watched.js'

export const health: UvsCommand = {
  name: 'health',
  help: `Shows the virtual servers of a director with --keepalived, their real servers and each check.
Of each the state, since when, why (of a check its last error), and when the next check or retry begins.`,
  forms: [WATCHED_FORM],
  async run(args) {
    const given = readOptions(health, args)
    return showWatched('health', given, (control, columns) =>
      showHealth(control, { asJson: given.has('--json'), columns }),
    )
  },
}

/** Throws the director's refusal as an Error of one line. */
export async function showHealth(control: Control, shape: Shape = {}): Promise<Outcome> {
  const reply = await allHealth(control)
  if (!reply.ok) throw new Error(reply.message)
  const out = shape.asJson ? jsonDocument('health', reply.value) : healthText(reply.value, shape)
  return { status: 0, out, err: '' }
}

function healthText(services: readonly ServiceHealth[], shape: Shape): string {
  if (services.length === 0) return 'the configuration has no virtual_server\n'
  return stateTable(services.flatMap(serviceRows), shape)
}

function serviceRows(service: ServiceHealth): Row[] {
  const { sorryServer: sorry, isSuspended, servers } = service
  return [
    rowOf(0, nameOf(service), service, isSuspended && 'suspended'),
    ...servers.flatMap(serverRows),
    ...(sorry ? [sorryRow(sorry)] : []),
  ]
}

function serverRows(server: ServerHealth): Row[] {
  const { weight, ruleWeight, checks } = server
  const inRules = ruleWeight === undefined ? 'not in the rules' : `in the rules with ${ruleWeight}`
  const shown = ruleWeight === weight ? `weight ${weight}` : `weight ${weight}, ${inRules}`
  return [rowOf(1, `${endpointText(server)} ${shown}`, server), ...checks.map(checkRow)]
}

function checkRow(check: CheckHealth): Row {
  const { lastError, retries, why } = check
  const again = retries === undefined ? '' : `, failed ${retries} ${retries === 1 ? 'time' : 'times'}`
  const before = lastError && lastError.why !== why ? `; its last error: ${lastError.why}` : ''
  const of = check.of === undefined ? check.check : `${check.check} ${check.of}`
  return rowOf(2, of, { ...check, why: `${why}${again}${before}` }, nextText(check.next))
}

function sorryRow({ address, port, inUse }: NonNullable<ServiceHealth['sorryServer']>): Row {
  const why = inUse ? 'the quorum is lost' : 'it waits for a lost quorum'
  return { depth: 1, of: `${endpointText({ address, port })} sorry server`, state: inUse ? 'in use' : 'idle', why }
}
