import type { AdvertSink } from '../packet/advert-sink.js'
import type { Egress, Slab } from '../packet/frame.js'
import type { FlowTable } from '../packet/flow-table.js'
import type { LeftFlows } from '../packet/kept-flow.js'
import type { Front } from '../packet/front.js'
import { LOOPBACK_MTU, type Link } from '../packet/link.js'
import {
  formatIpv4,
  isHostAddress,
  parseCidr,
  parseIpv4,
  parseMac,
  type Cidr,
  type Ipv4Addr,
  type MacAddr,
} from '../wire/addr.js'
import { IPV4_LEAST_MTU } from '../wire/ipv4.js'
import type { Scheduler } from '../sched/scheduler.js'
import type { SharedCounts } from '../service/shared-counts.js'
import type { RecordOptions } from './flight-recorder.js'
import { UsageError } from './usage-error.js'

export { UsageError }

export const DEFAULT_MAX_CONNECTIONS = 2 ** 20

/** Options of a director: its links and what else it is made of. */
export type DirectorOptions = DirectorSettings & (DirectorLinks | OldDirectorLinks)

interface DirectorLinks {
  links: readonly LinkOptions[]
}
interface OldDirectorLinks {
  /** @deprecated Use `links`. */
  ports: readonly LinkOptions[]
}

/** Texts have the form of `uvs director`'s options. */
interface DirectorSettings {
  egress: Egress
  /** '192.168.10.1/24@eth0' */
  addresses: readonly string[]
  /** '192.168.10.100', '10.1.0.0/24' */
  vips?: readonly string[]
  /** 'CIDR=[GW][@IF][,mtu=N]'; 'default' is 0.0.0.0/0. */
  routes?: readonly string[]
  /** 'IP=MAC@IF' */
  neighbours?: readonly string[]
  /**
   * Beside a kernel: the loopback interface, by which programs of this host send to virtual services and get their answers. Its frames
   * are those of a link behind all others.
   */
  loopback?: string
  /** Decides which packets uvs takes from the kernel, on links beside one. */
  front?: Front
  /** Has a program forward the packets of open connections. Default: all packets come here. */
  flows?: FlowTable
  /** A connection's flows are handed to that program after so many of its client's packets. Default: 2 to 8, fewer where the service's last connections were long. */
  offloadAfter?: number
  /** Flows that other directors have left: their connections are taken over. Needs `flows`. */
  leftFlows?: readonly LeftFlows[]
  /** ARP claims only addresses, vips and local addresses, not the services' VIPs. */
  isStandby?: boolean
  /**
   * One of several directors with the same rules, side by side: mh and sh choose by the rules alone, not by the order in which they
   * came, sloppy_tcp and sloppy_sctp begin as 1, and conn_reuse_mode as 3. Default: false, as the kernel does it.
   */
  isOfFleet?: boolean
  /** Capacity of the connection table. Default 2^20. */
  maxConnections?: number
  /** Seed of all random numbers. Unsigned 32-bit. */
  seed: number
  /** ms, monotonic. */
  now: number
  /**
   * ICMP error rate: one each so many ms to a peer, after a burst of 6; 1000 a second to all peers together, after a burst of 50.
   * 0: no limit at all. Default 1000, as Linux.
   */
  icmpRatelimit?: number
  /** Schedulers besides the built-in ones. */
  schedulers?: readonly Scheduler[]
  /** Is told, in a line, of a mistake of a user's scheduler. */
  report?: (problem: string) => void
  /** Is told, in a line, of each service and real server that is kept and listed but not served yet. */
  notServed?: (what: string) => void
  /** Is told, in a line and once, of a misconfigured host whose packets the director must drop. */
  notice?: (what: string) => void
  /** Returns the host's free and buffer memory in 4 KiB pages, which the automatic defences go by. Default: always enough. */
  availablePages?: () => number
  /** Takes adverts of virtual routers that come in by links without a kernel beside. Default: they are packets as any other. */
  adverts?: AdvertSink
  /** Switches the fast path (path/fast-path.ts) off, to test and measure it against the whole path. */
  isWholePath?: boolean
  /** For one of several directors with the same addresses and rules, each in its own thread. Default: a single director. */
  worker?: WorkerOptions
  /**
   * Clients with equal addresses under this mask come to the same worker; persistence refuses a more general netmask. Default: all
   * clients come to this director.
   */
  clientMask?: Ipv4Addr
  /** Keeps the last frames that were dropped, and those of sampled connections. Default: not. */
  record?: RecordOptions
  /** Allocates memory that the devices can send from. Default: plain buffers. */
  allocate?: (octets: number) => Slab
  /** Allocates the connection table's memory, zeroed. Default: plain arrays. */
  allocateWords?: (count: number) => Int32Array
}

/**
 * A client's packets and their answers come to the same director; packets to a local address, to the one with `index` = port mod
 * `of` (`src/ebpf/worker-choice.ts`).
 */
export interface WorkerOptions {
  /** From 0. Director 0 answers ARP and announces addresses; the others only listen. */
  index: number
  /** The number of directors. */
  of: number
  /** The counts that they share. */
  counts: SharedCounts
}

export interface LinkOptions {
  name: string
  /** Or text: '02:00:00:00:00:01'. */
  mac: MacAddr | string
  mtu: number
  /**
   * Whether the host's kernel uses the interface too: packets that uvs does not handle then go to the kernel. Default:
   * false.
   */
  isBeside?: boolean
  /** The virtual addresses of services are answered for here, by the rules alone. Default: where no kernel lives. */
  claims?: boolean
}

export interface AddressOption extends Cidr {
  link: number
}
export interface RouteOption {
  to: Cidr
  gateway: Ipv4Addr | undefined
  link: number | undefined
  mtu: number | undefined
}
export interface NeighbourOption {
  addr: Ipv4Addr
  mac: MacAddr
  link: number
}

/** RangeError for a MAC that no host can have. */
export function linksOf(options: DirectorOptions): Link[] {
  return ('links' in options ? options.links : options.ports).map(linkOf)
}
/** As `linksOf`, the one at `index`. */
export function linkOf({ mac, isBeside = false, claims = !isBeside, ...link }: LinkOptions, index: number): Link {
  const read = typeof mac === 'string' ? parseMac(mac) : mac
  if (!read || !isWord(read.hi, 0xffff) || !isWord(read.lo, 0xffffffff) || read.hi & 0x0100)
    throw new RangeError(
      `links[${index}].mac: ${JSON.stringify(mac)} is not a host's MAC, such as '02:00:00:00:00:01', or { hi, lo } of its first 2 and last 4 octets`,
    )
  return { index, ...link, mac: read, isBeside, claims }
}
/** The loopback interface's, if it is one. Its number: behind all others'. */
export function loopbackOf({ loopback }: DirectorOptions, index: number): Link | undefined {
  if (loopback === undefined) return undefined
  return { index, name: loopback, mac: { hi: 0, lo: 0 }, mtu: LOOPBACK_MTU, isBeside: true, claims: false }
}
function isWord(value: unknown, most: number): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most
}

/** 'CIDR@IF' */
export function parseAddress(text: string, linkNames: readonly string[]): AddressOption {
  const [cidrText = '', ifName, ...rest] = text.split('@')
  const cidr = cidrText.includes('/') ? parseCidr(cidrText) : undefined
  if (!cidr || ifName === undefined || rest.length > 0)
    throw new UsageError(`--address: '${text}' is not ADDRESS/PREFIX@INTERFACE, such as 10.0.0.1/24@eth0`)
  if (!isHostAddress(cidr.addr) || (cidr.prefix < 31 && (cidr.addr | cidr.mask) === -1))
    throw new UsageError(`--address: '${text}': no host may have that address`)
  return { ...cidr, link: linkIndex(() => `--address: '${text}'`, ifName, linkNames) }
}

/** 'IP' or 'CIDR'. `named`: the address in an error's message. */
export function parseVip(text: string, named = `--vip: '${text}'`): Cidr {
  const cidr = parseCidr(text)
  if (!cidr) throw new UsageError(`${named} is neither an IPv4 address nor ADDRESS/PREFIX`)
  const why = whyNoVip(cidr)
  if (why !== undefined) throw new UsageError(`${named}: ${why}`)
  return cidr
}

/** Why a director cannot claim an address or block; undefined if it can. Of a block, what no host may have is claimed by nobody. */
export function whyNoVip({ addr, mask, prefix }: Cidr): string | undefined {
  if (prefix === 0) return 'it names every address'
  const first = (addr & mask) as Ipv4Addr
  // Meant as of an interface, it would take the addresses of every host there.
  if (first !== addr)
    return `it is no block: ${formatIpv4(first)}/${prefix} is all of it, ${formatIpv4(addr)} the address alone`
  return isHostAddress(addr) ? undefined : 'no host may have that address'
}

/** A route in texts, from `--route` or a request. */
export interface RouteWords {
  to: string
  gateway?: string | undefined
  link?: string | undefined
  mtu?: number | undefined
}

/** 'CIDR=[GW][@IF][,mtu=N]' */
export function parseRoute(text: string, linkNames: readonly string[]): RouteOption {
  const named = (): string => `--route: '${text}'`
  const match = /^([^=]+)=([^@,]*)(?:@([^,]+))?(?:,mtu=(\d+))?$/.exec(text)
  if (!match) throw noRoute(named)
  const [, to = '', gateway = '', link, mtu] = match
  const words = { to, gateway: gateway || undefined, link, mtu: mtu === undefined ? undefined : Number(mtu) }
  return readRoute(words, linkNames, named)
}

/** `named`: the route in an error's message. */
export function readRoute(
  { to: toText, gateway: gatewayText, link: ifName, mtu }: RouteWords,
  linkNames: readonly string[],
  named: () => string,
): RouteOption {
  const to = parseCidr(toText === 'default' ? '0.0.0.0/0' : toText)
  const gateway = gatewayText === undefined ? undefined : parseIpv4(gatewayText)
  if (!to || (gatewayText !== undefined && gateway === undefined)) throw noRoute(named)
  if ((to.addr & ~to.mask) !== 0) throw new UsageError(`${named()}: '${toText}' is no network: it has host bits`)
  if (gateway !== undefined && !isHostAddress(gateway))
    throw new UsageError(`${named()}: no gateway may be ${gatewayText}`)
  if (gateway === undefined && ifName === undefined)
    throw new UsageError(`${named()} names neither a gateway nor an interface`)
  if (mtu !== undefined && !(Number.isInteger(mtu) && mtu >= IPV4_LEAST_MTU && mtu <= 65_535))
    throw new UsageError(`${named()}: an MTU is ${IPV4_LEAST_MTU} to 65535, not ${mtu}`)
  const link = ifName === undefined ? undefined : linkIndex(named, ifName, linkNames)
  return { to, gateway, link, mtu }
}

function noRoute(named: () => string): UsageError {
  return new UsageError(`${named()} is not CIDR=[GATEWAY][@INTERFACE][,mtu=N], such as default=10.0.0.254`)
}

/** 'IP=MAC@IF' */
export function parseNeighbour(text: string, linkNames: readonly string[]): NeighbourOption {
  const match = /^([^=]+)=([^@]+)@(.+)$/.exec(text)
  const addr = match ? parseIpv4(match[1]!) : undefined
  const mac = match ? parseMac(match[2]!) : undefined
  if (!match || addr === undefined || !mac)
    throw new UsageError(`--neighbour: '${text}' is not IP=MAC@INTERFACE, such as 10.0.0.9=02:00:00:00:00:09@eth0`)
  if (!isHostAddress(addr) || (mac.hi & 0x0100) !== 0 || (mac.hi === 0 && mac.lo === 0))
    throw new UsageError(`--neighbour: '${text}': no host may have that ${isHostAddress(addr) ? 'MAC' : 'address'}`)
  return { addr, mac, link: linkIndex(() => `--neighbour: '${text}'`, match[3]!, linkNames) }
}

function linkIndex(named: () => string, name: string, linkNames: readonly string[]): number {
  const index = linkNames.indexOf(name)
  if (index < 0) throw new UsageError(`${named()}: there is no interface '${name}' here, only ${linkNames.join(', ')}`)
  return index
}
