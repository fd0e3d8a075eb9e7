import type { Control, InstanceInfo, Outcome, VrrpInfo } from '../../../control/protocol/api.js'
import { jsonDocument } from '../../json.js'
import type { UvsCommand } from '../command.js'
import { readOptions } from '../options/read-options.js'
import { nextText, rowOf, type Row, type Shape, stateTable } from './state-table.js'
import { showWatched, WATCHED_FORM } from './watched.js'

/** More addresses of an instance are counted. */
const ADDRESSES_SHOWN = 3

export const vrrp: UvsCommand = {
  name: 'vrrp',
  help: `Shows the virtual routers, sync groups and track scripts of a director with --keepalived.
Of each the state, since when, why (which advert, which script), when the next advert, election or run is due; and adverts that were
refused, by reason.`,
  forms: [WATCHED_FORM],
  async run(args) {
    const given = readOptions(vrrp, args)
    return showWatched('vrrp', given, (control, columns) => showVrrp(control, { asJson: given.has('--json'), columns }))
  },
}

/** Throws the director's refusal as an Error of one line. */
export async function showVrrp(control: Control, shape: Shape = {}): Promise<Outcome> {
  const reply = await control.call({ op: 'vrrp' })
  if (!reply.ok) throw new Error(reply.message)
  return { status: 0, out: shape.asJson ? jsonDocument('vrrp', reply.value) : vrrpText(reply.value, shape), err: '' }
}

function vrrpText({ instances, groups, scripts, unclaimed }: VrrpInfo, shape: Shape): string {
  if (instances.length === 0) return 'the configuration has no vrrp_instance\n'
  const rows = [
    ...instances.flatMap(instanceRows),
    ...groups.map(group => rowOf(0, `group ${group.name}`, group)),
    ...scripts.map(script => rowOf(0, `script ${script.name}`, script, nextText(script.next))),
    ...countRows(0, 'unclaimed', unclaimed),
  ]
  return stateTable(rows, shape)
}

function instanceRows(instance: InstanceInfo): Row[] {
  const { name, interface: device, vrid, version, faults, why, next } = instance
  const more = faults.filter(fault => !why.includes(fault))
  const of = `${name} ${device} vrid ${vrid} v${version} ${priorityText(instance)}`
  const shown = next && { ...next, event: next.event === 'master' ? 'election' : next.event }
  return [
    rowOf(0, of, { ...instance, why: [why, ...more].join('; ') }, nextText(shown)),
    addressRow(instance),
    ...heardRows(instance),
    ...countRows(1, 'refused', instance.refused),
  ]
}

/** `priority 130 (150, script chk -20)`. */
function priorityText({ priority, configuredPriority, priorityChanges }: InstanceInfo): string {
  if (priority === configuredPriority && priorityChanges.length === 0) return `priority ${priority}`
  const changes = priorityChanges.map(({ by, change }) => `${by} ${change > 0 ? '+' : ''}${change}`)
  return `priority ${priority} (${[configuredPriority, ...changes].join(', ')})`
}

function addressRow({ addresses, state }: InstanceInfo): Row {
  const more = addresses.length - ADDRESSES_SHOWN
  const shown = addresses.slice(0, ADDRESSES_SHOWN).join(', ')
  const of = addresses.length === 1 ? 'address' : 'addresses'
  return {
    depth: 1,
    of,
    state: state === 'MASTER' ? 'held' : 'not held',
    why: more > 0 ? `${shown} and ${more} more` : shown,
  }
}

function heardRows({ lastAdvert, sent, heard, transitions }: InstanceInfo): Row[] {
  const times = transitions === 1 ? 'once' : `${transitions} times`
  const counted = `${sent} sent, ${heard} heard; its state changed ${times}`
  if (!lastAdvert) return [{ depth: 1, of: 'adverts', state: 'none heard', why: counted }]
  const { source, priority, at } = lastAdvert
  return [
    { depth: 1, of: 'adverts', state: 'heard', since: at, why: `from ${source} with priority ${priority}; ${counted}` },
  ]
}

/** Those that there are. */
function countRows(depth: number, of: string, counts: Readonly<Record<string, number>>): Row[] {
  const found = Object.entries(counts).filter(([, count]) => count > 0)
  return found.map(([reason, count]) => ({ depth, of: `${of} ${reason}`, state: String(count) }))
}
