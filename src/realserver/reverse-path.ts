import type { Host } from './host.js'

/**
 * What rp_filter is to be on a tunnel's device, where clients come in that are answered by another (ip-sysctl.rst). Of
 * `all` and the device's own value the larger counts; 2 asks only that there be a way back to the client. So `all`, which
 * guards the other interfaces, stays as it is. With 2 the device must have an address.
 */
export function tunnelRpFilter(host: Host): '0' | '2' {
  return host.sysctl('net/ipv4/conf/all/rp_filter') === '0' ? '0' : '2'
}

export const rpFilterOf = (device: string): string => `net/ipv4/conf/${device}/rp_filter`
