import type {
  Committed,
  DestinationSettingsInfo,
  PlannedChange,
  RuleChange,
  ServiceSettingsInfo,
} from '../../../control/protocol/api.js'
import { endpointText } from '../../../control/protocol/service-name.js'
import { destinationOptions, serviceOptions, serviceWords } from '../../uvsadm/commands/save.js'

/** A line for each change: `~ -e -t 10.0.0.1:80 -r 10.0.0.2:80 -m -w 3 (was -w 1; 12 connections)`. */
export function formatPlan(changes: readonly PlannedChange[]): string {
  return changes.map(change => `${line(change)}${remarks(change)}\n`).join('')
}

/** The lines, and what they come to. `more`: of what else changes, a count. */
export function planText(changes: readonly PlannedChange[], more?: string): string {
  const connections = changes.reduce((sum, change) => sum + change.connections, 0)
  const count = changes.length === 1 ? '1 change' : `${changes.length} changes`
  const counts = changes.length === 0 ? [] : [`${count}, ${connectionsText(connections)}`]
  return `${formatPlan(changes)}${[...counts, ...(more === undefined ? [] : [more])].join('; ') || 'nothing to do'}\n`
}

/** As uvsadm would be told. */
export function commandOf(change: PlannedChange): string {
  return `uvsadm ${line(change).slice(2)}`
}

function line({ request }: PlannedChange): string {
  const service = serviceWords(request.service)
  switch (request.op) {
    case 'add-service':
      return ['+ -A', service, ...serviceOptions(request.settings)].join(' ')
    case 'edit-service':
      return ['~ -E', service, ...serviceOptions(request.settings)].join(' ')
    case 'delete-service':
      return `- -D ${service}`
    case 'add-destination':
      return ['+ -a', service, `-r ${endpointText(request.destination)}`, ...destinationOptions(request.settings)].join(
        ' ',
      )
    case 'edit-destination':
      return ['~ -e', service, `-r ${endpointText(request.destination)}`, ...destinationOptions(request.settings)].join(
        ' ',
      )
    case 'delete-destination':
      return `- -d ${service} -r ${endpointText(request.destination)}`
    case 'add-local-address':
      return `+ --add-laddr -z ${request.address} ${service}`
    case 'delete-local-address':
      return `- --del-laddr -z ${request.address} ${service}`
  }
}

function remarks({ request, was, connections }: PlannedChange): string {
  const remark = [
    ...(was && 'settings' in request ? [wasWords(was, request.settings)] : []),
    ...(connections > 0 ? [connectionsText(connections)] : []),
  ]
  return remark.length > 0 ? ` (${remark.join('; ')})` : ''
}

type Settings = ServiceSettingsInfo | DestinationSettingsInfo

function wasWords(was: Settings, now: Settings): string {
  const words = optionsOf(now)
  const other = optionsOf(was).filter(word => !words.includes(word))
  return `was ${other.join(' ') || `without ${words.filter(word => !optionsOf(was).includes(word)).join(' ')}`}`
}
function optionsOf(settings: Settings): string[] {
  return 'scheduler' in settings ? serviceOptions(settings) : destinationOptions(settings)
}

export function connectionsText(count: number): string {
  return count === 1 ? '1 connection' : `${count} connections`
}

const THINGS: readonly [string, string, Partial<Record<RuleChange['op'], string>>][] = [
  ['service', 'services', { 'add-service': 'added', 'edit-service': 'changed', 'delete-service': 'deleted' }],
  [
    'real server',
    'real servers',
    { 'add-destination': 'added', 'edit-destination': 'changed', 'delete-destination': 'deleted' },
  ],
  ['local address', 'local addresses', { 'add-local-address': 'added', 'delete-local-address': 'deleted' }],
]

/** `2 services added, 10 real servers added, 1 changed; 12 connections touched`. */
export function summary({ changes, connections }: Committed): string {
  const counts = countsText(changes)
  return counts === '' ? 'nothing to do' : `${counts}; ${connectionsText(connections)} touched`
}

/** `2 services added, 10 real servers added, 1 changed`; nothing if there are none. */
export function countsText(changes: Committed['changes']): string {
  const parts: string[] = []
  for (const [one, many, verbs] of THINGS) {
    let isFirst = true
    for (const [op, verb] of Object.entries(verbs)) {
      const count = changes[op as RuleChange['op']] ?? 0
      if (count === 0) continue
      parts.push(isFirst ? `${count} ${count === 1 ? one : many} ${verb}` : `${count} ${verb}`)
      isFirst = false
    }
  }
  return parts.join(', ')
}
