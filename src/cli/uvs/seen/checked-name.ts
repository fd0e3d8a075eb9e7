import type { CheckedKey } from '../../../control/protocol/api.js'
import { serviceName } from '../../../control/protocol/service-name.js'

/** A virtual service, or a virtual_server, as it is shown: `TCP 10.0.0.1:80`, `FWM 1`. */
export function nameOf(key: CheckedKey): string {
  if ('group' in key) return `${key.protocol?.toUpperCase() ?? 'FWM'} group ${key.group}`
  return serviceName(key)
}
