/**
 * What can be asked of a director, whoever asks: uvsadm over the control socket, the conformance runner in process.
 * Plain JSON values; addresses are dotted text, ports host numbers, times seconds. One request, one reply.
 */
export type Protocol = 'tcp' | 'udp' | 'sctp'
export type MethodName = 'masq' | 'direct' | 'tunnel' | 'fullnat'

/** What a tunnel puts before a packet (ipvsadm --tun-type and the options behind it). */
export interface TunnelInfo {
  type: 'ipip' | 'gue' | 'gre'
  /** UDP port of GUE; 0 with the others. */
  port: number
  checksum: 'none' | 'full' | 'remote'
}

/** How real servers behind FULLNAT are told who the client is. */
export type ClientAddressName = 'none' | 'toa' | 'proxy-v1' | 'proxy-v2'

/** Identity of a virtual service of an address (ipvsadm -t, -u, --sctp-service), IPv4 or IPv6: the latter is kept, not served yet. */
export interface AddressKey {
  protocol: Protocol
  address: string
  port: number
}

/** Identity of a virtual service of a firewall mark, 1 to 2^32 − 1 (ipvsadm -f). */
export interface MarkKey {
  mark: number
  /** Of IPv6 packets (-6): kept, not served yet. Left out: of IPv4. */
  family?: 6
}

export type ServiceKey = AddressKey | MarkKey

/** Identity of a real server inside a service (ipvsadm -r). One of IPv6 is kept, not served yet. */
export interface DestinationKey {
  address: string
  port: number
}

export interface ServiceSettingsInfo {
  scheduler: string
  /** Seconds that a client stays with its real server (-p); 0: not persistent. */
  persistence: number
  /** Clients taken for one (-M): a dotted mask; of an IPv6 service a prefix length from 1 to 128. */
  netmask: string
  /** One-packet scheduling (-o). */
  onePacket: boolean
  /** The scheduler's flags (-b), a bit each: 1 sh-fallback, mh-fallback, flag-1; 2 sh-port, mh-port, flag-2; 4 flag-3. */
  schedFlags: number
  /** none unless given. */
  clientAddress?: ClientAddressName
  /** Persistence engine (--pe): sip, or none. Kept, not used yet. */
  engine?: string
}

export interface DestinationSettingsInfo {
  method: MethodName
  /** Of method tunnel; ipip unless given. */
  tunnel?: TunnelInfo
  weight: number
  /** -x, -y; 0: none. ERANGE where the lower is above the upper. */
  upperThreshold: number
  lowerThreshold: number
}

/** Packets that are to carry a firewall mark. */
export interface MarkRuleInfo {
  protocol: Protocol
  /** Destination addresses: an address or address/length. */
  to: string
  /** Destination ports; none: every port. */
  ports: { first: number; last: number }[]
  mark: number
}

/** Seconds, as `ipvsadm --set` and `-L --timeout` have them. */
export interface TimeoutsInfo {
  tcp: number
  tcpfin: number
  udp: number
}

/** Totals as of the last 2-second tick, less the zero point (ipvs-behaviour.md §11.2). */
export interface StatsInfo {
  conns: number
  inPkts: number
  outPkts: number
  inBytes: number
  outBytes: number
}

/** Of a second, as the kernel's estimator has them after the last 2-second tick (ipvs-behaviour.md §11.3). */
export interface RatesInfo {
  cps: number
  inPps: number
  outPps: number
  inBps: number
  outBps: number
}

/** What all services count, those that were deleted too. */
export interface TotalsInfo {
  stats: StatsInfo
  rates: RatesInfo
  /** As it is now, not as of the last tick, and never set to zero. */
  live: StatsInfo
  /** The same of each worker of the data plane. */
  workers: StatsInfo[]
}

export interface DestinationInfo extends DestinationKey, DestinationSettingsInfo {
  activeConns: number
  inactConns: number
  persistConns: number
  stats: StatsInfo
  rates: RatesInfo
}

export type ServiceInfo = ServiceKey &
  ServiceSettingsInfo & {
    stats: StatsInfo
    rates: RatesInfo
    /** That FULLNAT connections to its real servers come from, in the order they were given; left out where there are none. */
    localAddresses?: string[]
    /** In the kernel's order: the newest first. */
    destinations: DestinationInfo[]
  }

export interface ServicePage {
  rows: ServiceInfo[]
  /** The first row is the last one of the page before, with the rest of its destinations or some of them. */
  continues?: true
  /** Where the next page starts; null after the last. It says nothing to anyone but the director. */
  next: string | null
}

export interface ConnectionInfo {
  /** 'ip': a template of a service of a mark; its vaddr is the mark as an address. */
  protocol: Protocol | 'ip'
  /** ESTABLISHED, SYN_RECV, … ; UDP for UDP; NONE or ASSURED for templates. */
  state: string
  /** Whole seconds until the timer fires, rounded down. */
  expires: number
  caddr: string
  cport: number
  vaddr: string
  vport: number
  daddr: string
  dport: number
  /** Of FULLNAT: the director's local address and port, whom the real server takes for its client. */
  laddr?: string
  lport?: number
}

export interface ConnectionPage {
  rows: ConnectionInfo[]
  /** Where the next page starts; null after the last. */
  next: number | null
}

export interface EndedInfo {
  /** Connections that are gone. */
  connections: number
  /** Persistence templates that no client finds any more. */
  templates: number
  /** Where the next page starts; null after the last. */
  next: number | null
}

/** Counts by size: `counts[i]` is what was at most `upTo[i]`, and more than `upTo[i - 1]`; the last count, what was more. */
export interface Buckets {
  upTo: number[]
  counts: number[]
  sum: number
}

/** What metrics show of the director as a whole; times in seconds, counts since the start. */
export interface DirectorFigures {
  /** As `verdicts`, the devices' losses apart. */
  verdicts: Record<string, number>
  devices: { name: string; dropped: number }[]
  totals: StatsInfo
  /** How old the numbers are that listings show. */
  estimatorAge: number
  connections: { capacity: number; open: number; templates: number; timersBehind: number }
  /** Pairs of local address and port that FULLNAT has in use, and those that rest. */
  localPorts: { inUse: { address: string; count: number }[]; resting: number }
  neighbours: { learnt: number; asking: number; fixed: number }
  /** Frames that wait for a neighbour's answer, and datagrams that wait for their other pieces. */
  heldFrames: number
  heldDatagrams: number
  /** Of the loop's turns that had frames or requests; left out where there is no loop. */
  turns?: { seconds: Buckets; frames: Buckets }
  /** Bytes of the data plane's JavaScript heap; left out where it has no thread of its own. */
  heap?: { used: number; total: number }
  /** The last two of each worker of the data plane, of which they are the sums. */
  workers: WorkerFigures[]
}
export interface WorkerFigures {
  turns?: { seconds: Buckets; frames: Buckets }
  heap?: { used: number; total: number }
}

/** As of now, and since the service or the real server was added: not as of the last tick, nor less what was zeroed. */
export type ServiceFigures = ServiceKey & {
  scheduler: string
  isPersistent: boolean
  live: StatsInfo
  /**
   * DESTINATION_COLUMNS numbers for each real server, by DestinationColumn: in the place of objects, since there may be
   * 50 000 and the data plane makes them.
   */
  destinations: number[]
}
/** ADDRESS is an unsigned 32-bit number, METHOD the kernel's number (service/method.ts), OVERLOADED 0 or 1; from CONNS on as Stats. */
export const DestinationColumn = {
  ADDRESS: 0,
  PORT: 1,
  METHOD: 2,
  WEIGHT: 3,
  UPPER_THRESHOLD: 4,
  LOWER_THRESHOLD: 5,
  OVERLOADED: 6,
  ACTIVE_CONNS: 7,
  INACT_CONNS: 8,
  PERSIST_CONNS: 9,
  CONNS: 10,
  IN_PKTS: 11,
  OUT_PKTS: 12,
  IN_BYTES: 13,
  OUT_BYTES: 14,
} as const
export const DESTINATION_COLUMNS = 15
export interface ServiceFiguresPage {
  services: ServiceFigures[]
  /** Where the next page starts; null after the last. */
  next: string | null
}

/** Each operation's parameters and what it answers. */
export interface Operations {
  'add-service': { params: { service: ServiceKey; settings: ServiceSettingsInfo }; value: null }
  'edit-service': { params: { service: ServiceKey; settings: ServiceSettingsInfo }; value: null }
  'delete-service': { params: { service: ServiceKey }; value: null }
  flush: { params: object; value: null }
  'add-destination': { params: DestinationParams; value: null }
  'edit-destination': { params: DestinationParams; value: null }
  'delete-destination': { params: { service: ServiceKey; destination: DestinationKey }; value: null }
  /** Adds or takes away a local address (LIP) of a service, for FULLNAT. */
  'add-local-address': { params: { service: ServiceKey; address: string }; value: null }
  'delete-local-address': { params: { service: ServiceKey; address: string }; value: null }
  /** Without `service`: every service and the totals. */
  zero: { params: { service?: ServiceKey }; value: null }
  /**
   * A page of the services in the kernel's order (ipvsadm --nosort): begin without `from`, go on with `next`. With
   * `service`: just that one, ESRCH if it is not there. Pages are bounded, also in destinations, so many never stop
   * traffic; what comes or goes meanwhile makes no other be missed or told twice. `allServices` walks them.
   */
  services: { params: { service?: ServiceKey; from?: string }; value: ServicePage }
  /** Changes of rules, 128 at the most, each for itself and in order, at one go. */
  batch: { params: { requests: RuleChange[] }; value: Answer<null>[] }
  /**
   * A transaction of this connection: rules are staged on an empty director, then the services become what was staged, or,
   * should anything be refused, stay as they are. One is open at a time, others wait; it ends with `commit`, with the
   * connection, and after 10 s without a request.
   */
  begin: { params: object; value: null }
  /** Rules, 128 at the most, in order, up to the first that is refused. */
  stage: { params: { requests: RuleChange[] }; value: Staged }
  /** A page of what `commit` would change: begin with 0, go on with `next`. */
  plan: { params: { from: number }; value: PlanPage }
  /** Keeps connections, counters and scheduler positions of everything that stays. */
  commit: { params: object; value: Committed }
  totals: { params: object; value: TotalsInfo }
  /** A page of the connection table: begin with 0, go on with `next`. Pages are bounded, so a large table never stops traffic. */
  connections: { params: { from: number }; value: ConnectionPage }
  /**
   * Takes connections and persistence templates of a real server of a service out of the table, a page of it at a time as
   * `connections`. Begin with 0, go on with `next`; once more from 0 as long as a round has ended any.
   */
  'end-connections': { params: { service: ServiceKey; destination: DestinationKey; from: number }; value: EndedInfo }
  /** Verdicts by name since start, the drops among them. */
  verdicts: { params: object; value: Record<string, number> }
  /** What /metrics shows, and a page of it by service: go on with `next`. Pages are of whole services. */
  figures: { params: object; value: DirectorFigures }
  'service-figures': { params: { from?: string }; value: ServiceFiguresPage }
  /** Adds or takes away a local address (`--vip`). */
  'add-vip': { params: { cidr: string }; value: null }
  'delete-vip': { params: { cidr: string }; value: null }
  /** A route (`--route`), instead of the one there may be to that block. `delete-route` takes that of a connected network too. */
  'add-route': { params: RouteInfo; value: null }
  'delete-route': { params: { to: string }; value: null }
  /** Sets a firewall mark on some packets. The last rule that fits a packet counts. */
  'add-mark': { params: { rule: MarkRuleInfo }; value: null }
  'clear-marks': { params: object; value: null }
  timeouts: { params: object; value: TimeoutsInfo }
  /** 0 leaves a value as it is. */
  'set-timeouts': { params: { timeouts: TimeoutsInfo }; value: null }
  /** Every sysctl of net.ipv4.vs by its name there, in the order of `sysctl -a`. */
  sysctls: { params: object; value: [string, string][] }
  /** Answers the value as it then reads. ENOENT: no such name; EINVAL: a value that the kernel refuses. */
  'set-sysctl': { params: { name: string; value: string }; value: string }
  /** Forgets services, destinations, connections, counters, marks, timeouts and sysctls: as freshly started. */
  reset: { params: object; value: null }
}

export interface RouteInfo {
  /** address/length without host bits; 0.0.0.0/0: all else. */
  to: string
  /** None: the destinations are on the link. */
  gateway?: string
  /** An interface's name; without it the one on whose network the gateway is. */
  port?: string
  /** 68 to 65535, that of the interface unless given. */
  mtu?: number
}

export interface DestinationParams {
  service: ServiceKey
  destination: DestinationKey
  settings: DestinationSettingsInfo
}

export type OperationName = keyof Operations
export type Request<O extends OperationName = OperationName> = O extends OperationName
  ? { op: O } & Operations[O]['params']
  : never

/** The operations that a saved rule can be, or undo one. */
export const RULE_CHANGES = [
  'add-service',
  'edit-service',
  'delete-service',
  'add-destination',
  'edit-destination',
  'delete-destination',
  'add-local-address',
  'delete-local-address',
] as const
export type RuleChange = Request<(typeof RULE_CHANGES)[number]>

export function isRuleChange(request: Request): request is RuleChange {
  return (RULE_CHANGES as readonly string[]).includes(request.op)
}

/** How many were taken; the one behind them was refused, if there is one. */
export interface Staged {
  accepted: number
  refused?: { refusal: RefusalName; message: string }
}

/** A change that makes the services what was staged. */
export interface PlannedChange {
  request: RuleChange
  /** Live connections, active and inactive, of the real servers that it touches. */
  connections: number
  /** Of an edit: the settings before. */
  was?: ServiceSettingsInfo | DestinationSettingsInfo
}
export interface PlanPage {
  rows: PlannedChange[]
  /** Where the next page starts; null after the last. */
  next: number | null
}

/** What a transaction has changed: how often each operation, and the live connections of the real servers touched. */
export interface Committed {
  changes: Partial<Record<RuleChange['op'], number>>
  connections: number
}

/** Requests of a batch. */
export const BATCH_MAX = 128

/** Kernel refusals by their errno's name (ipvs-behaviour.md §14.1); EOPNOTSUPP: not as the director was started; EPROTO: the request itself was not understood; EBUSY: too many clients. */
export type RefusalName =
  'EEXIST' | 'ENOENT' | 'ESRCH' | 'EINVAL' | 'ERANGE' | 'ENOMEM' | 'EAFNOSUPPORT' | 'EOPNOTSUPP' | 'EPROTO' | 'EBUSY'

export type Answer<T> = { ok: true; value: T } | { ok: false; refusal: RefusalName; message: string }
export type Reply<O extends OperationName = OperationName> = Answer<Operations[O]['value']>

/** Someone who answers requests: the socket client, or a director in this process. Throws only when nobody can be reached. */
export interface Control {
  call<O extends OperationName>(request: Request<O>): Promise<Reply<O>>
}

/** What a command did, as a shell would see it. `out` and `err` end in a newline unless empty. */
export interface Outcome {
  status: number
  out: string
  err: string
}
