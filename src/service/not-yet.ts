import { formatIpv4, type Ipv4Addr } from '../wire/addr.js'
import { formatIpv6, type Ipv6Addr } from '../wire/ipv6-addr.js'
import type { Method, Tunnel } from './method.js'
import type { ServiceSettings } from './service-settings.js'

/*
 * What the kernel serves and uvs does not yet: services of IPv6, and real servers of another family than their service's.
 * They are kept and listed as the kernel would. No packet and no scheduler ever meets them.
 */

/** An address of either family. */
export type Address = { readonly family: 4; readonly addr: Ipv4Addr } | { readonly family: 6; readonly addr: Ipv6Addr }

export function formatAddress(address: Address): string {
  return address.family === 4 ? formatIpv4(address.addr) : formatIpv6(address.addr)
}

/** What is given of a real server. */
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
  /** Falls along its service's list, which those that are served share. */
  readonly order: number
}

/** As a service's, but for the mask, which is a prefix length, and the scheduler, which is only a name. */
export interface NotYetSettings extends Omit<ServiceSettings, 'netmask'> {
  prefix: number
  scheduler: string
}

/** A mark's has neither address nor port. */
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

  /** What the kernel hashes of its address. */
  get addr(): number {
    const [a, b, c, d] = this.address
    return a ^ b ^ c ^ d
  }
}

/** The one of that address and port. */
export function findServer(servers: readonly NotYetServer[], address: Address, port: number): NotYetServer | undefined {
  const text = formatAddress(address)
  return servers.find(server => server.port === port && formatAddress(server.address) === text)
}
