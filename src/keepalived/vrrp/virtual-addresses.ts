import { parseIpv4, type Ipv4Addr } from '../../wire/addr.js'
import type { KeepalivedConfig } from '../config/tree/config.js'

/** The IPv4 addresses that virtual routers have while they are master, each once. */
export function virtualAddresses({ instances }: KeepalivedConfig): Ipv4Addr[] {
  const all = instances.flatMap(({ addresses, excludedAddresses }) => [...addresses, ...excludedAddresses])
  return [...new Set(all.flatMap(({ address }) => parseIpv4(address.text) ?? []))]
}
