import type { CheckedKey } from '../../../control/protocol/api.js'
import { endpointText } from '../../uvsadm/listing/label.js'

/** A virtual service, or a virtual_server, as it is shown: `TCP 10.0.0.1:80`, `FWM 1`. */
export function nameOf(key: CheckedKey): string {
  if ('mark' in key) return `FWM ${key.mark}${key.family === 6 ? ' IPv6' : ''}`
  const protocol = key.protocol?.toUpperCase()
  if ('group' in key) return `${protocol ?? 'FWM'} group ${key.group}`
  return `${protocol} ${endpointText(key)}`
}
