import type { InstanceChange } from '../../control/protocol/api.js'
import type { Address } from '../config/addresses.js'
import type { Script } from '../config/tree/scripts.js'
import type { Tracked, VirtualAddress, VrrpInstance } from '../config/tree/vrrp.js'

/**
 * The differences between the instances of two configurations. One is found again by its interface, family and VRID, as a reload does:
 * with another it goes, and one comes. Passwords are not shown.
 */
export function instanceChanges(before: readonly VrrpInstance[], after: readonly VrrpInstance[]): InstanceChange[] {
  const old = new Map(before.map(instance => [keyOf(instance), instance]))
  const kept = new Set(after.map(keyOf))
  const gone = before.filter(instance => !kept.has(keyOf(instance)))
  return [
    ...gone.map(instance => ({
      instance: instance.name,
      change: 'removed' as const,
      settings: shown(instance, 'was'),
    })),
    ...after.flatMap((instance): InstanceChange[] => {
      const was = old.get(keyOf(instance))
      if (!was) return [{ instance: instance.name, change: 'added', settings: shown(instance, 'is') }]
      const settings = differences(was, instance)
      return settings.length === 0 ? [] : [{ instance: was.name, change: 'changed', settings }]
    }),
  ]
}

function keyOf({ interface: device, family, vrid }: VrrpInstance): string {
  return `${device} ${family} ${vrid}`
}

/** What tells one instance from another. */
const TELLING = ['interface', 'virtual_router_id', 'state', 'priority', 'virtual_ipaddress']

function shown(instance: VrrpInstance, as: 'is' | 'was'): InstanceChange['settings'] {
  const words = wordsOf(instance)
  return TELLING.flatMap(keyword => {
    const text = words.get(keyword)
    return text === undefined ? [] : [{ keyword, [as]: text }]
  })
}

function differences(before: VrrpInstance, after: VrrpInstance): InstanceChange['settings'] {
  const [was, is] = [wordsOf(before), wordsOf(after)]
  const found: InstanceChange['settings'] = []
  for (const keyword of new Set([...was.keys(), ...is.keys()])) {
    const [old, now] = [was.get(keyword), is.get(keyword)]
    if (old === now) continue
    found.push({ keyword, ...(now !== undefined && { is: now }), ...(old !== undefined && { was: old }) })
  }
  const [{ password: old = '' } = {}, { password: now = '' } = {}] = [before.authentication, after.authentication]
  if (old !== now) found.push({ keyword: 'auth_pass', is: 'another' })
  return found
}

/** Keywords that are not the field's name with underscores. */
const KEYWORDS: Record<string, string> = {
  vrid: 'virtual_router_id',
  advertIntervalMs: 'advert_int',
  preemptDelayMs: 'preempt_delay',
  isStrict: 'strict_mode',
  addresses: 'virtual_ipaddress',
  excludedAddresses: 'virtual_ipaddress_excluded',
  unicastPeers: 'unicast_peer',
  sourceAddress: 'unicast_src_ip',
  interfaces: 'track_interface',
  scripts: 'track_script',
  files: 'track_file',
  processes: 'track_process',
  bfds: 'track_bfd',
  authentication: 'auth_type',
  routes: 'virtual_routes',
  rules: 'virtual_rules',
}

/** Each setting as text; what is empty or off is left out. */
function wordsOf(instance: VrrpInstance): Map<string, string> {
  const words = new Map<string, string>()
  for (const [field, value] of Object.entries(instance)) {
    const keyword = KEYWORDS[field] ?? field.replace(/Ms$/, '').replace(/[A-Z]/g, char => `_${char.toLowerCase()}`)
    const text = textOf(field, value)
    if (text !== '') words.set(keyword, text)
  }
  return words
}

function textOf(field: string, value: unknown): string {
  if (value === undefined || value === false) return ''
  if (value === true) return 'on'
  if (field.endsWith('Ms') && typeof value === 'number') return `${value / 1000} s`
  if (Array.isArray(value)) return value.map(itemText).join(', ')
  if (field === 'authentication') return (value as { type: string }).type
  if (field === 'sourceAddress') return (value as Address).text
  if (typeof value !== 'object') return String(value)
  if ('words' in value!) return (value as unknown as Script).text
  const inner = Object.entries(value as object).map(([name, each]) => [name, textOf(name, each)])
  return inner
    .filter(([, text]) => text !== '')
    .map(([name, text]) => `${name} ${text}`)
    .join(', ')
}

function itemText(item: VirtualAddress | Tracked | { words: readonly string[] } | string): string {
  if (typeof item === 'string') return item
  if ('words' in item) return item.words.join(' ')
  if ('name' in item) return item.weight === undefined ? item.name : `${item.name} weight ${item.weight}`
  const { address, length, ...rest } = item as VirtualAddress
  const device = rest.interface === undefined ? '' : ` dev ${rest.interface}`
  return `${address.text}${length === undefined ? '' : `/${length}`}${device}`
}
