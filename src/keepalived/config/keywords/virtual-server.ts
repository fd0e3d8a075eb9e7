import { addressOf } from '../addresses.js'
import { block, bool, flag, number, oneOf, word } from '../arguments.js'
import type { ConfigDraft, VirtualServerDraft } from '../draft.js'
import type { LogicalLine } from '../lines/logical-lines.js'
import { portOf, unsignedOf } from '../numbers.js'
import type { Keyword, Parser, Table } from '../parser.js'
import { script } from '../script-line.js'
import type { Target } from '../tree/virtual-server.js'
import { timingKeywords } from './check-defaults.js'
import { methodOf } from './method.js'
import type { OpenServer } from './open.js'
import { realServer } from './real-server.js'
import { SORRY_KEYWORDS } from './sorry-server.js'

/** Those that uvs has too. */
export const SCHEDULERS_DONE = [
  'rr',
  'wrr',
  'lc',
  'wlc',
  'lblc',
  'lblcr',
  'sh',
  'mh',
  'dh',
  'fo',
  'ovf',
  'sed',
  'nq',
] as const
const SCHEDULERS = [...SCHEDULERS_DONE, 'twos'] as const
const DEFAULT_PERSISTENCE = 360
/** Of a persistence engine's name. */
const LONGEST_ENGINE = 16
const MOST_PERSISTENCE = 2_678_400

const scheduler: Keyword<OpenServer> = oneOf(SCHEDULERS, {
  initial: 'wlc, told',
  bad: text => `Invalid lvs_scheduler '${text}' - ignoring`,
  set({ server }, name, parser) {
    server.scheduler = name
    if (name === 'twos') parser.warn('uvs has no scheduler twos', `it has ${SCHEDULERS_DONE.join(', ')}`)
  },
})

const method: Keyword<OpenServer> = {
  takes: '<NAT|DR|TUN> [type <ipip|gue port N|gre>] [nocsum|csum|remcsum]',
  takesAll: true,
  initial: 'NAT, told',
  read(line, { server }, parser) {
    parser.needed(line)
    const found = methodOf(line.words.slice(1), 'virtual', parser)
    if (found) server.method = found
  },
}

const TRAFFIC: Table<OpenServer> = {
  lvs_sched: scheduler,
  lb_algo: scheduler,
  lvs_method: method,
  lb_kind: method,
  protocol: word({
    takes: '<TCP|UDP|SCTP>',
    initial: 'UDP, told',
    set({ server }, text, parser) {
      const name = text.toLowerCase()
      if (name === 'tcp' || name === 'udp' || name === 'sctp') server.protocol = name
      else parser.error(`Unknown protocol ${text} - ignoring`, 'allowed: TCP, UDP, SCTP')
    },
  }),
  ip_family: {
    takes: '<inet|inet6>',
    read(line, { server }, parser) {
      const text = parser.needed(line)
      const family = text === 'inet' ? 4 : text === 'inet6' ? 6 : undefined
      if (family === undefined) parser.error(`unknown address family ${text}`, 'allowed: inet, inet6')
      else if (server.family !== undefined && server.family !== family)
        parser.error(`Virtual server specified family ${text} conflicts with server family`)
      else server.family = family
    },
  },
  persistence_timeout: {
    takes: `[<1-${MOST_PERSISTENCE} s>]`,
    initial: `none; alone ${DEFAULT_PERSISTENCE} s`,
    read({ words: [, text] }, { server }, parser) {
      const seconds =
        text === undefined ? DEFAULT_PERSISTENCE : unsignedOf(text, { least: 1, most: MOST_PERSISTENCE }, parser)
      if (seconds === undefined) parser.error('persistence_timeout invalid')
      else server.persistenceSeconds = seconds
    },
  },
  persistence_granularity: { takes: '<NETMASK>', initial: 'one address', read: granularity },
  persistence_engine: word({
    takes: '<sip>',
    set({ server }, name, parser) {
      if (name.length > LONGEST_ENGINE) parser.error(`persistence_name too long, truncating - ${name}`)
      server.persistenceEngine = name.slice(0, LONGEST_ENGINE)
    },
  }),
  ...schedulerFlags(),
  ops: flag(({ server }) => void (server.ops = true)),
  weight: weight(),
}

function granularity(line: LogicalLine, { server }: OpenServer, parser: Parser): void {
  const text = parser.needed(line)
  // Of a service of marks it decides the family: a netmask has dots.
  const isIpv6 = (server.family ?? (text.includes('.') ? 4 : 6)) === 6
  const isFine = isIpv6 ? unsignedOf(text, { least: 1, most: 128 }, parser) !== undefined : isMask(text)
  if (!isFine) {
    parser.error(
      `Invalid IPv${isIpv6 ? 6 : 4} persistence_granularity specified - ${text}`,
      isIpv6 ? 'allowed: 1 to 128' : 'write a netmask: 255.255.255.0',
    )
    return
  }
  if (!isIpv6 && /^\d+$/.test(text))
    parser.warn(
      `persistence_granularity ${text} is read as the netmask 0.0.0.${Number(text) & 255}`,
      'write a netmask: 255.255.255.0',
    )
  server.family ??= isIpv6 ? 6 : 4
  server.persistenceGranularity = text
}

/** As inet_aton reads it: one number is an address, too. */
function isMask(text: string): boolean {
  return (
    addressOf(text)?.family === 4 ||
    (/^\d+(\.\d+){0,3}$/.test(text) && text.split('.').every(part => Number(part) <= 4_294_967_295))
  )
}

/** The kernel's three flags of a service by their numbers, and by what they mean to sh and mh. */
function schedulerFlags(): Table<OpenServer> {
  const named: [string, 'flag-1' | 'flag-2' | 'flag-3', string?][] = [
    ['flag-1', 'flag-1'],
    ['flag-2', 'flag-2'],
    ['flag-3', 'flag-3'],
    ['sh-fallback', 'flag-1', 'sh'],
    ['sh-port', 'flag-2', 'sh'],
    ['mh-fallback', 'flag-1', 'mh'],
    ['mh-port', 'flag-2', 'mh'],
    ['hashed', 'flag-1', 'sh'],
  ]
  return Object.fromEntries(
    named.map(([name, kernelFlag, only]) => [
      name,
      flag<OpenServer>(({ server }, parser) => {
        if (only === undefined || server.scheduler === only) server.flags.add(kernelFlag)
        else parser.error(`${name} only applies to sh scheduler - ignoring`, `lb_algo ${only} must stand above it`)
      }),
    ]),
  )
}

function weight(): Keyword<OpenServer> {
  return number({
    least: 1,
    most: 2_147_483_647,
    initial: '1',
    bad: text => `Virtual server weight ${text} is outside range 1-2147483647`,
    set: ({ server }, value) => void (server.weight = value),
  })
}

const HEALTH: Table<OpenServer> = {
  ...timingKeywords<OpenServer>(({ server }) => server, {
    leastRetry: 1,
    bad: (name, text) => {
      if (name === 'retry') return `retry value invalid - ${text}`
      if (name === 'connect_timeout') return `virtual server connect_timeout ${text} invalid - ignoring`
      return `virtual server ${name.replaceAll('_', ' ')} '${text}' invalid - ignoring`
    },
  }),
  alpha: flag(({ server }) => void (server.alpha = true)),
  omega: flag(({ server }) => void (server.omega = true)),
  ha_suspend: flag(({ server }) => void (server.haSuspend = true)),
  inhibit_on_failure: flag(({ server }) => void (server.inhibitOnFailure = true)),
  quorum: number({
    least: 1,
    most: 4_294_967_295,
    initial: '1',
    bad: text => `Quorum ${text} must be in [1, 4294967295]. Setting to 1.`,
    set: ({ server }, value) => void (server.quorum = value),
  }),
  hysteresis: number({
    least: 0,
    most: 4_294_967_295,
    initial: '0',
    bad: text => `Hysteresis ${text} must be in [0, 4294967295] - ignoring`,
    set: ({ server }, value) => void (server.hysteresis = value),
  }),
  quorum_up: script({
    by: 'check ',
    draft: ({ config }) => config,
    has: ({ server }) => server.quorumUp !== undefined,
    set: ({ server }, found) => void (server.quorumUp = found),
  }),
  quorum_down: script({
    by: 'check ',
    draft: ({ config }) => config,
    has: ({ server }) => server.quorumDown !== undefined,
    set: ({ server }, found) => void (server.quorumDown = found),
  }),
  smtp_alert: bool({
    initial: 'as in global_defs',
    bad: text => `Invalid virtual_server smtp_alert parameter ${text}`,
    set: ({ server }, value) => void (server.smtpAlert = value),
  }),
  virtualhost: word({
    none: 'virtual server virtualhost missing',
    set: ({ server }, host) => void (server.virtualhost = host),
  }),
  snmp_name: {
    takes: '<NAME>',
    unsupported: 'uvs speaks no SNMP',
    read({ words }, _target, parser) {
      if (words.length !== 2) parser.error('virtual server snmp_name missing or extra parameters')
    },
  },
}

export const virtualServer: Keyword<ConfigDraft> = block<ConfigDraft, OpenServer>({
  takes: '<ADDRESS> [<PORT>] | fwmark <N> | group <NAME>',
  table: { ...TRAFFIC, ...HEALTH, ...SORRY_KEYWORDS, real_server: realServer },
  open(line, config, parser) {
    const target = targetOf(line, parser)
    if (target === undefined) return undefined
    const server: VirtualServerDraft = { target, flags: new Set(), realServers: [] }
    if (target.kind === 'address') server.family = target.family
    config.virtualServers.push(server)
    config.heads.set(server, line.place)
    return { server, config }
  },
  orphan: config => ({ server: { target: { kind: 'group', group: '' }, flags: new Set(), realServers: [] }, config }),
  close: ({ server }, _config, parser) => dropForeignSorryServer(server, parser),
})

/** All servers of a service are of its family, unless packets to them are wrapped. */
function dropForeignSorryServer(server: VirtualServerDraft, parser: Parser): void {
  const { sorryServer, family, method: usual } = server
  if (sorryServer === undefined || family === undefined || sorryServer.family === family) return
  if ((sorryServer.method ?? usual)?.kind === 'TUN') return
  parser.error(
    `Address family of virtual server and sorry server ${sorryServer.address} don't match - skipping sorry server.`,
  )
  delete server.sorryServer
}

const HEAD = 'write virtual_server ADDRESS PORT {, the port a word of its own; or fwmark N; or group NAME'

function targetOf(line: LogicalLine, parser: Parser): Target | undefined {
  const [, first = parser.needed(line), second] = line.words
  if (first === 'group' || first === 'fwmark') {
    if (second === undefined) {
      parser.error(`virtual_server ${first} without a ${first === 'group' ? 'name' : 'number'} - skipping`, HEAD)
      return undefined
    }
    if (first === 'group') return { kind: 'group', group: second }
    const mark = unsignedOf(second, { least: 0, most: 4_294_967_295 }, parser)
    if (mark === undefined) parser.error(`virtual server fwmark '${second}' must be in [0, 4294967295] - ignoring`)
    else if (mark === 0) parser.error('virtual server fwmark 0 means no mark - skipping', 'allowed: 1 to 4294967295')
    return mark === undefined || mark === 0 ? undefined : { kind: 'fwmark', mark }
  }
  const address = addressOf(first.replace(/[/-].*$/, ''))
  const port = second === undefined ? 0 : portOf(second, parser)
  if (address === undefined || port === undefined) {
    if (second === undefined) parser.error(`Invalid virtual server IP address ${first} - skipping`, HEAD)
    else parser.error(`Invalid virtual server IP address/port ${first}/${second} - skipping`, HEAD)
    return undefined
  }
  if (/[/-]/.test(first))
    parser.warn(
      `'${first.replace(/^[^/-]*/, '')}' behind the address is ignored`,
      'ranges belong into a virtual_server_group',
    )
  return { kind: 'address', address: address.text, family: address.family, port }
}
