import type { CheckedKey } from '../../../control/protocol/api.ts'
import { serviceName } from './service-name.ts'

/** A virtual_server of keepalived.conf: of a service, or of a group of them. */
export function checkedName(key: CheckedKey): string {
  return 'group' in key ? `group ${key.group}${key.protocol ? ` ${key.protocol}` : ''}` : serviceName(key)
}
