import type { InstanceChange, SettingChange } from '../../control/protocol/api.js'
import type { VrrpInstance } from '../config/tree/vrrp.js'
import { chosen, differences } from './settings-words.js'

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
      settings: chosen(instance, TELLING, 'was'),
    })),
    ...after.flatMap((instance): InstanceChange[] => {
      const was = old.get(keyOf(instance))
      if (!was) return [{ instance: instance.name, change: 'added', settings: chosen(instance, TELLING, 'is') }]
      const settings = changed(was, instance)
      return settings.length === 0 ? [] : [{ instance: was.name, change: 'changed', settings }]
    }),
  ]
}

function keyOf({ interface: device, family, vrid }: VrrpInstance): string {
  return `${device} ${family} ${vrid}`
}

/** What tells one instance from another. */
const TELLING = ['interface', 'virtual_router_id', 'state', 'priority', 'virtual_ipaddress']

function changed(before: VrrpInstance, after: VrrpInstance): SettingChange[] {
  const [{ password: old = '' } = {}, { password: now = '' } = {}] = [before.authentication, after.authentication]
  return [...differences(before, after), ...(old === now ? [] : [{ keyword: 'auth_pass', is: 'another' }])]
}
