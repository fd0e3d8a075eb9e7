import type { ServiceKey } from './service-key.js'

/** A virtual service as it is shown: `TCP 10.0.0.1:80`, `TCP [2001:db8::1]:80`, `FWM 7`, `FWM 7 IPv6`. */
export function serviceName(key: ServiceKey): string {
  if ('mark' in key) return `FWM ${key.mark}${key.family === 6 ? ' IPv6' : ''}`
  return `${key.protocol.toUpperCase()} ${endpointText(key)}`
}

/** Numeric: `10.0.0.1:80`, `[2001:db8::1]:80`. */
export function endpointText({ address, port }: { address: string; port: number }): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
