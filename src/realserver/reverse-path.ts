import type { Host } from './host.js'

/**
 * The value of rp_filter for a tunnel's device, where the clients' packets come in although replies to them leave by another
 * device (ip-sysctl.rst). The kernel takes the larger of `all` and the device's value; 2 only requires some route back to the
 * client. So `all`, which guards the other interfaces, can stay as it is. With 2 the device must have an address.
 */
export function tunnelRpFilter(host: Host): '0' | '2' {
  return host.sysctl('net/ipv4/conf/all/rp_filter') === '0' ? '0' : '2'
}

export const rpFilterOf = (device: string): string => `net/ipv4/conf/${device}/rp_filter`
