import type { SettingChange } from '../../control/protocol/api.js'
import type { Address } from '../config/addresses.js'
import type { Script } from '../config/tree/scripts.js'
import type { Tracked, VirtualAddress } from '../config/tree/vrrp.js'

/** Those of `keywords` that the block has. */
export function chosen(block: object, keywords: readonly string[], as: 'is' | 'was'): SettingChange[] {
  const words = wordsOf(block)
  return keywords.flatMap(keyword => {
    const text = words.get(keyword)
    return text === undefined ? [] : [{ keyword, [as]: text }]
  })
}

/** What one block has and the other has not, or has otherwise. */
export function differences(before: object, after: object): SettingChange[] {
  const [was, is] = [wordsOf(before), wordsOf(after)]
  const found: SettingChange[] = []
  for (const keyword of new Set([...was.keys(), ...is.keys()])) {
    const [old, now] = [was.get(keyword), is.get(keyword)]
    if (old === now) continue
    found.push({ keyword, ...(now !== undefined && { is: now }), ...(old !== undefined && { was: old }) })
  }
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
  members: 'group',
  isReverse: 'reverse',
  initValue: 'init_file',
  overwrites: 'overwrite',
  path: 'file',
}

/** Each setting as text; what is empty or off is left out. */
function wordsOf(block: object): Map<string, string> {
  const words = new Map<string, string>()
  for (const [field, value] of Object.entries(block)) {
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
  if (Array.isArray(value)) return value.map(itemText).join(field === 'process' ? ' ' : ', ')
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
