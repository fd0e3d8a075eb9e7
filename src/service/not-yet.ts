import { formatIpv4, type Ipv4Addr } from '../wire/addr.js'
import { formatIpv6, type Ipv6Addr } from '../wire/ipv6-addr.js'
import type { Method, Tunnel } from './method.js'
import type { ServiceSettings } from './service-settings.js'

/*
 * What the kernel balances and uvs does not yet: services of IPv6, and real servers of another family than their service.
 * They are kept and listed as in the kernel. No packet and no scheduler meets them.
 */

/** An address of either family. */
export type Address = { readonly family: 4; readonly addr: Ipv4Addr } | { readonly family: 6; readonly addr: Ipv6Addr }

export function formatAddress(address: Address): string {
  return address.family === 4 ? formatIpv4(address.addr) : formatIpv6(address.addr)
}

/** The settings of a real server. */
export interface ServerSettings {
  method: Method
  tunnel: Tunnel
  weight: number
  upperThreshold: number
  lowerThreshold: number
}

export interface NotYetServer {
  readonly address: Address
  readonly port: number
  settings: ServerSettings
  /** Its number in the service's list, which also numbers the destinations. Falls along the list. */
  readonly order: number
}

/** A service's settings with a prefix length in place of the mask, and the scheduler's name. */
export interface NotYetSettings extends Omit<ServiceSettings, 'netmask'> {
  prefix: number
  scheduler: string
}

/** A service of a mark has neither address nor port. */
export interface NotYetIdentity {
  readonly protocol: number
  readonly address: Ipv6Addr
  readonly port: number
  readonly mark: number
}

/** A virtual service of IPv6. */
export class NotYetService implements NotYetIdentity {
  readonly protocol: number
  readonly address: Ipv6Addr
  readonly port: number
  readonly mark: number
  settings: NotYetSettings
  /** Newest first. */
  readonly servers: NotYetServer[] = []

  constructor({ protocol, address, port, mark }: NotYetIdentity, settings: NotYetSettings) {
    this.protocol = protocol
    this.address = address
    this.port = port
    this.mark = mark
    this.settings = settings
  }

  /** The value that the kernel hashes for an IPv6 address. */
  get addr(): number {
    const [a, b, c, d] = this.address
    return a ^ b ^ c ^ d
  }
}

/** The server of that address and port. */
export function findServer(servers: readonly NotYetServer[], address: Address, port: number): NotYetServer | undefined {
  const text = formatAddress(address)
  return servers.find(server => server.port === port && formatAddress(server.address) === text)
}
