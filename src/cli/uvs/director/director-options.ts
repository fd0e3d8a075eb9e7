import type { MarkRuleInfo } from '../../../control/protocol/api.js'
import type { DataPlaneOptions } from '../../../plane/data-plane-options.js'
import { DEFAULT_SYN_BUDGET, MOST_FLOWS, type OffloadOptions } from '../../../plane/offload-options.js'
import type { DeviceOptions } from '../../../plane/worker-messages.js'
import { MAX_CONNECTIONS } from '../../../conn/table.js'
import { parseVip, UsageError } from '../../../director/options.js'
import { BURST, PEER_BURST, PER_SECOND } from '../../../forward/icmp-limit.js'
import { parseIpv4, parseMac, type Ipv4Addr, type MacAddr } from '../../../wire/addr.js'
import { CONTROL, defaultControl } from '../../command.js'
import type { Form, Option } from '../../option.js'
import { parseMark } from '../options/mark-option.js'
import { type Given, readOptions } from '../options/read-options.js'
import { wholeNumber } from '../options/whole-number.js'
import { schedulerUrls } from '../options/scheduler-urls.js'
import { HTTP_OPTIONS, type HttpOptions, readHttp } from './http-options.js'
import { DIRECTOR_ETCD_OPTIONS, readDirectorEtcd, type DirectorEtcdOptions } from './etcd/etcd-director-options.js'
import { readRecord, RECORD_OPTIONS, type RecordingOptions } from './record-options.js'
import { ANNOUNCE_OPTIONS, type AnnounceOptions, readAnnounce } from './announce-options.js'

/** A fanout group takes 256 sockets, and a director's connections are divided among them. */
const MOST_WORKERS = 64
/** The most packets of a client before its flow is offloaded. */
const MOST_PACKETS = 1_000_000

/** The options of `uvs director`. */
export interface DirectorCommand extends DataPlaneOptions {
  control: string
  /** A file of ipvsadm-save lines. */
  rules: string | undefined
  /** A keepalived.conf whose virtual servers are run. */
  keepalived: string | undefined
  http: HttpOptions | undefined
  marks: MarkRuleInfo[]
  workers: number
  announce?: AnnounceOptions
  recording?: RecordingOptions
  /** Rules by etcd. */
  etcd?: DirectorEtcdOptions
}

const ADDRESS: Option = {
  flags: ['--address'],
  value: 'ADDR/LEN@IF',
  help: "an address of the director's own; beside the kernel it needs none",
  repeatable: true,
}

const RAW: Option = {
  flags: ['--raw'],
  value: 'IF[,IF]',
  is: 'interface',
  help: 'interfaces to hold by packet sockets',
}
const TAP: Option = { flags: ['--tap'], value: 'IF[,IF]', is: 'interface', help: 'TAP devices to make or to take' }

const LIBPCAP: Option = {
  flags: ['--libpcap'],
  value: 'IF[,IF]',
  is: 'interface',
  help: "interfaces to read and write by libpcap, with npm's pcap (docs/director.md)",
}

const KEEPALIVED = option('--keepalived', 'FILE', 'a keepalived.conf: its virtual servers, checked', { is: 'file' })
export const CHECK: Option = {
  flags: ['--check'],
  help: 'says what is wrong with FILE of --keepalived, and starts nothing: `uvs keepalived check`',
}

/** The options of every kind of device, in the order of the help. */
const COMMON: readonly Option[] = [
  option('--route', 'CIDR=[GW][@IF][,mtu=N]', "a route; 'default=GW' for all else", { repeatable: true }),
  option('--neighbour', 'IP=MAC@IF', 'a static neighbour', { repeatable: true }),
  option('--vip', 'ADDR|CIDR', 'further addresses that uvs answers for', { repeatable: true }),
  { flags: ['--standby'], help: 'services claim no address, until `uvs vip add` says so' },
  {
    flags: ['--fleet'],
    help: 'one of several with the same rules: mh and sh choose alike, sloppy_tcp is 1, conn_reuse_mode 3 (docs/fleet.md)',
  },
  option('--max-connections', 'N', `connections the table holds, 1 to ${MAX_CONNECTIONS}; default 1048576`),
  option('--workers', 'N', `threads that share the work, a CPU each, 1 to ${MOST_WORKERS}; default 1`),
  option(
    '--steer-mask',
    'MASK',
    'clients equal under it share a worker; as wide as any -M of -p; default 255.255.255.255',
  ),
  option(
    '--icmp-ratelimit',
    'MS',
    `ICMP errors: a peer gets ${PEER_BURST} at once, then one every MS; all peers ${BURST}, then ${PER_SECOND} a second; 0 for no limit; default 1000`,
  ),
  option('--seed', 'N', 'what everything random comes from; by default the system says'),
  option('--rules', 'FILE', 'ipvsadm-save rules to begin with', { is: 'file' }),
  KEEPALIVED,
  ...DIRECTOR_ETCD_OPTIONS,
  CONTROL,
  ...HTTP_OPTIONS,
  option('--mark', "'PROTO CIDR:PORTS=N'", "firewall marks, in netfilter's place", { repeatable: true }),
  ...RECORD_OPTIONS,
  option('--scheduler', 'FILE', 'a scheduler of your own: a module that exports one', { is: 'file', repeatable: true }),
]

const MAC = option('--mac', 'MAC@IF', "our MAC on a TAP device, which must not be the interface's own", {
  repeatable: true,
})

const OFFLOAD = option(
  '--offload',
  'auto|off|N[,FLOWS]',
  'the kernel forwards flows of open connections, each after N packets of its client, at most FLOWS; default auto',
)

const KEEP_FLOWS: Option = {
  flags: ['--keep-flows'],
  help: 'after kill -9 the kernel goes on forwarding what is offloaded, for the next director to take over',
}

const SYN_BUDGET = option(
  '--syn-budget',
  'N|off',
  `SYNs a second to a service; of a flood of more, a thirty-second part is let up; default ${DEFAULT_SYN_BUDGET} for each worker`,
)
const MOST_SYNS = 100_000_000

export const DIRECTOR_FORMS: readonly Form[] = [
  { words: [], options: [required(RAW), ADDRESS, OFFLOAD, SYN_BUDGET, ...ANNOUNCE_OPTIONS, ...COMMON] },
  { words: [], options: [required(TAP), required(ADDRESS), MAC, ...COMMON] },
  { words: [], options: [required(LIBPCAP), required(ADDRESS), ...COMMON] },
  { words: [], options: [required(KEEPALIVED), required(CHECK)] },
]

/** A form with every kind of device, so that the error of using two is about these options. */
const ANY_FORM: Form = {
  words: [],
  options: [RAW, TAP, LIBPCAP, ADDRESS, MAC, OFFLOAD, KEEP_FLOWS, SYN_BUDGET, ...ANNOUNCE_OPTIONS, ...COMMON],
}

function option(flag: string, value: string, help: string, more: Partial<Option> = {}): Option {
  return { flags: [flag], value, help, ...more }
}

function required(which: Option): Option {
  return { ...which, required: true }
}

/**
 * Parses the arguments. `randomSeed` is used unless --seed is given. Pure but for --etcd, which reads files and `env`. UsageError for
 * invalid input.
 */
export function parseDirectorOptions(
  args: string[],
  randomSeed: number,
  env: NodeJS.ProcessEnv = process.env,
): DirectorCommand {
  const given = readOptions({ name: 'director', forms: [ANY_FORM] }, args)
  const devices = readDevices(given)
  const maxConnections = wholeNumber('--max-connections', given.one('--max-connections'), 1, MAX_CONNECTIONS)
  const icmpRatelimit = wholeNumber('--icmp-ratelimit', given.one('--icmp-ratelimit'), 0, 3_600_000)
  const clientMask = readMask(given.one('--steer-mask'))
  const isRaw = given.has('--raw')
  if (!isRaw) refuseWithoutRaw(given, given.has('--tap') ? 'TAP device' : 'libpcap device')
  const synBudget = readSynBudget(given.one('--syn-budget'))
  const offload = !isRaw ? undefined : readOffload(given.one('--offload'))
  const announce = readAnnounce(given)
  const etcd = readDirectorEtcd(given, env)
  const workers = wholeNumber('--workers', given.one('--workers'), 1, MOST_WORKERS) ?? 1
  refuseSoMany(given, workers, maxConnections)
  const recording = readRecord(given, workers)
  const isKept = given.has('--keep-flows')
  if (isKept) refuseToKeep(offload, workers)
  const after = offload?.after ?? (isKept ? 0 : undefined)
  const control = given.one('--control') ?? defaultControl()
  // Checked before a device is opened.
  given.all('--vip').forEach(vip => parseVip(vip))
  if (given.has('--rules') && given.has('--keepalived'))
    throw new UsageError('--keepalived does not go with --rules, which would end its services; uvsadm adds others')
  return {
    devices,
    director: {
      addresses: given.all('--address'),
      vips: given.all('--vip'),
      routes: given.all('--route'),
      neighbours: given.all('--neighbour'),
      ...(given.has('--standby') ? { isStandby: true } : {}),
      ...(given.has('--fleet') ? { isOfFleet: true } : {}),
      seed: wholeNumber('--seed', given.one('--seed'), 0, 0xffffffff) ?? randomSeed,
      ...(maxConnections === undefined ? {} : { maxConnections }),
      ...(icmpRatelimit === undefined ? {} : { icmpRatelimit }),
      ...(after === undefined ? {} : { offloadAfter: after }),
      ...(clientMask === undefined ? {} : { clientMask }),
      ...(recording && { record: recording.record }),
    },
    ...(recording && { recording }),
    ...(offload && { offload }),
    ...(isRaw ? { keep: { control, isAsked: isKept } } : {}),
    ...(announce && { announce }),
    ...(etcd && { etcd }),
    ...(synBudget === undefined ? {} : { synBudget }),
    workers,
    control,
    rules: given.one('--rules'),
    keepalived: given.one('--keepalived'),
    http: readHttp(given),
    marks: given.all('--mark').map(parseMark),
    schedulers: schedulerUrls(given.all('--scheduler')),
  }
}

const KINDS = ['raw', 'tap', 'libpcap'] as const

function readDevices(given: Given): DeviceOptions[] {
  const [kind, more] = KINDS.filter(each => given.has(`--${each}`))
  if (kind === undefined || more !== undefined)
    throw new UsageError('--raw IF[,IF], --tap IF[,IF] or --libpcap IF[,IF]: give one of the three')
  const names = given.one(`--${kind}`)!.split(',')
  const macs = given.all('--mac')
  for (const [i, name] of names.entries()) {
    if (!/^[^\s/:@=,]{1,15}$/.test(name)) throw new UsageError(`--${kind}: '${name}' cannot be an interface's name`)
    if (names.indexOf(name) !== i) throw new UsageError(`--${kind}: '${name}' is named twice`)
  }
  if (kind !== 'tap') {
    if (macs.length > 0) throw new UsageError("--mac goes with --tap: a raw interface's MAC is its own")
    return names.map(name => ({ kind, name }))
  }
  const byName = readMacs(macs, names)
  return names.map(name => ({ kind, name, mac: byName.get(name) }))
}

function readMacs(macs: string[], names: string[]): Map<string, MacAddr> {
  const byName = new Map<string, MacAddr>()
  for (const text of macs) {
    const at = text.indexOf('@')
    const mac = parseMac(text.slice(0, at))
    const name = text.slice(at + 1)
    if (at < 0 || !mac) throw new UsageError(`--mac: '${text}' is not MAC@INTERFACE, such as 02:00:00:00:00:01@tap0`)
    if (mac.hi & 0x0100) throw new UsageError(`--mac: '${text}' is a group address`)
    if (!names.includes(name)) throw new UsageError(`--mac: '${text}': there is no '${name}' among ${names.join(', ')}`)
    byName.set(name, mac)
  }
  return byName
}

/** Whether the mask is ones, then zeros. */
function readMask(text: string | undefined): Ipv4Addr | undefined {
  if (text === undefined) return undefined
  const mask = parseIpv4(text)
  if (mask === undefined || mask === 0 || (~mask & (~mask + 1)) !== 0)
    throw new UsageError(
      `--steer-mask: '${text}' is not a mask: ones, then zeros, such as 255.255.255.0, at least 128.0.0.0`,
    )
  return mask
}

/** What does not go with other devices than raw ones, and what they need. */
function refuseWithoutRaw(given: Given, device: string): void {
  if (given.has('--offload'))
    throw new UsageError(`--offload goes with --raw: what a ${device} hears comes to uvs alone`)
  if (given.has('--keep-flows'))
    throw new UsageError(`--keep-flows goes with --raw: of a ${device} nothing is offloaded`)
  if (given.has('--syn-budget'))
    throw new UsageError(`--syn-budget goes with --raw: no program stands before a ${device}`)
  if (!given.has('--address')) throw new UsageError('--address: the director needs at least one address')
}
/** What so many workers do not go with. */
function refuseSoMany(
  given: ReturnType<typeof readOptions>,
  workers: number,
  maxConnections: number | undefined,
): void {
  if (maxConnections !== undefined && maxConnections < workers)
    throw new UsageError(`--max-connections: '${maxConnections}' is less than one for each of ${workers} workers`)
  if (workers > 1 && given.has('--libpcap'))
    throw new UsageError(`--libpcap goes with one worker, not with --workers ${workers}`)
}
/** What `--keep-flows` does not go with. */
function refuseToKeep(offload: OffloadOptions | undefined, workers: number): void {
  if (offload === undefined) throw new UsageError('--keep-flows keeps what is offloaded: not with --offload off')
  if (workers > 1) throw new UsageError(`--keep-flows goes with one worker, not with --workers ${workers}`)
}

/** Undefined: off. */
function readOffload(text = 'auto'): OffloadOptions | undefined {
  if (text === 'off') return undefined
  const [after = '', flows, ...rest] = text.split(',')
  if (rest.length > 0 || !/^(auto|\d+)$/.test(after))
    throw new UsageError(`--offload: '${text}' is not auto, off or a number of packets, with or without ,FLOWS`)
  return {
    ...(after === 'auto' ? {} : { after: wholeNumber('--offload', after, 0, MOST_PACKETS)! }),
    ...(flows === undefined ? {} : { flows: wholeNumber('--offload', flows, 2, MOST_FLOWS)! }),
  }
}

/** 0: off. */
function readSynBudget(text: string | undefined): number | undefined {
  return text === 'off' ? 0 : wholeNumber('--syn-budget', text, 1, MOST_SYNS, 'off or a whole number')
}
