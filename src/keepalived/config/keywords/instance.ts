import { block, bool, flag, lines, number, oneOf, time, word } from '../arguments.js'
import type { ConfigDraft, InstanceDraft } from '../draft.js'
import type { LogicalLine } from '../lines/logical-lines.js'
import { unsignedOf } from '../numbers.js'
import type { Keyword, Parser, Table } from '../parser.js'
import type { Authentication, VirtualAddress } from '../tree/vrrp.js'
import { garpKeywords } from './garp.js'
import { ADDRESS_KEYWORDS } from './instance-addresses.js'
import { isLoopback, isThere } from './named-interface.js'
import { notifyKeywords } from './notify.js'
import type { OpenInstance } from './open.js'
import { ROUTES_NOT_DONE, routeOf } from './routes.js'
import { ruleOf } from './rules.js'
import { trackingKeywords } from './tracking.js'
import { virtualAddressOf } from './virtual-address.js'

const VMAC = 'uvs makes no interfaces: adverts and gratuitous ARP come from the MAC of the interface'

const setting = (name: string, set: (instance: InstanceDraft, value: boolean) => void): Keyword<OpenInstance> =>
  bool({
    initial: 'as in global_defs',
    bad: (text, { instance }) => `(${instance.name}) invalid ${name} ${text} specified`,
    set: ({ instance }, value) => set(instance, value),
  })

const on = (set: (instance: InstanceDraft) => void, unsupported?: string): Keyword<OpenInstance> =>
  flag(({ instance }) => set(instance), unsupported)

const ELECTION: Table<OpenInstance> = {
  state: oneOf(['MASTER', 'BACKUP'] as const, {
    initial: 'BACKUP',
    bad: (text, { instance }) => `(${instance.name}) unknown state '${text}', defaulting to BACKUP`,
    set: ({ instance }, state) => void (instance.state = state),
  }),
  interface: word({
    takes: '<INTERFACE>',
    set({ instance, config }, name, parser) {
      if (isLoopback(name, instance.name, 'vrrp', parser)) return
      instance.interface = name
      isThere(name, config, parser, `WARNING - interface ${name} for vrrp_instance ${instance.name} doesn't exist`)
    },
  }),
  virtual_router_id: number({
    least: 1,
    most: 255,
    bad: (text, { instance }) => `(${instance.name}): VRID '${text}' not valid - must be between 1 & 255`,
    set: ({ instance }, value) => void (instance.vrid = value),
  }),
  priority: number({
    least: 1,
    most: 255,
    initial: '100; with state MASTER 255',
    bad: (_text, { instance }) => `(${instance.name}) Priority not valid! must be between 1 & 255. Using default 100`,
    set: ({ instance }, value) => void (instance.priority = value),
    otherwise: ({ instance }) => void (instance.priority = 100),
  }),
  advert_int: time({
    least: 0.01,
    most: 255,
    initial: '1 s',
    bad: (text, { instance }) => `(${instance.name}) Advert interval (${text}) not valid! Must be > 0 - ignoring`,
    set: ({ instance }, ms) => void (instance.advertIntervalMs = ms),
  }),
  version: number({
    least: 2,
    most: 3,
    initial: 'vrrp_version of global_defs',
    isSigned: true,
    bad: (_text, { instance }) => `(${instance.name}): Version must be either 2 or 3`,
    set: ({ instance }, value) => void (instance.version = value === 3 ? 3 : 2),
  }),
  nopreempt: on(instance => (instance.nopreempt = true)),
  preempt: on(instance => (instance.nopreempt = false)),
  preempt_delay: time({
    least: 0,
    most: 1000,
    initial: '0',
    bad: (_text, { instance }) => `(${instance.name}) Preempt_delay not valid! must be between 0-1000`,
    set: ({ instance }, ms) => void (instance.preemptDelayMs = ms),
  }),
  strict_mode: {
    ...setting('strict_mode', (instance, value) => (instance.isStrict = value)),
  },
  accept: on(instance => (instance.accept = true)),
  no_accept: on(
    instance => (instance.accept = false),
    'uvs sets no firewall rules: a VIP answers ARP and balanced services only',
  ),
  lower_prio_no_advert: setting('lower_prio_no_advert', (instance, value) => (instance.lowerPrioNoAdvert = value)),
  higher_prio_send_advert: setting(
    'higher_prio_send_advert',
    (instance, value) => (instance.higherPrioSendAdvert = value),
  ),
  skip_check_adv_addr: setting('skip_check_adv_addr', (instance, value) => (instance.skipCheckAdvAddr = value)),
  down_timer_adverts: number({
    least: 1,
    most: 100,
    initial: 'vrrp_down_timer_adverts',
    bad: (text, { instance }) => `(${instance.name}): Invalid down_timer_adverts [1:100] '${text}'`,
    set: ({ instance }, value) => void (instance.downTimerAdverts = value),
  }),
  debug: number({
    least: 0,
    most: 4,
    initial: '0',
    bad: (text, { instance }) => `(${instance.name}) Debug value '${text}' not valid; must be between 0-4`,
    set: ({ instance }, value) => void (instance.debug = value),
  }),
}

const LONGEST_PASSWORD = 8

const AUTHENTICATION: Table<OpenInstance> = {
  auth_type: oneOf(['PASS', 'AH'] as const, {
    bad: (text, { instance }) => `(${instance.name}) unknown authentication type '${text}'`,
    set: ({ instance }, type) => void (auth(instance).type = type),
  }),
  auth_pass: word({
    takes: '<PASSWORD>',
    set({ instance }, password, parser) {
      if (password.length > LONGEST_PASSWORD)
        parser.error(`Truncating auth_pass to ${LONGEST_PASSWORD} characters`, 'the rest of it is not looked at')
      auth(instance).password = password.slice(0, LONGEST_PASSWORD)
    },
  }),
}

function auth(instance: InstanceDraft): Partial<Authentication> {
  return (instance.authentication ??= {})
}

/** A block of addresses; those of the other family than the first are told where all must agree. */
function addresses(list: (instance: InstanceDraft) => VirtualAddress[], mustAgree: boolean): Keyword<OpenInstance> {
  return lines({
    takes: '<ADDRESS>[/<LENGTH>] [dev <INTERFACE>] [label <LABEL>] … ',
    each({ words }, { instance, config }, parser) {
      const found = virtualAddressOf(words, { config, mayTrackGroup: false, mayVmac: true }, parser)
      if (found === undefined) return
      if (mustAgree && (instance.family ??= found.address.family) !== found.address.family)
        parser.error(`(${instance.name}): address family must match VRRP instance [${words[0]}] - ignoring`, FAMILY)
      else list(instance).push(found)
    },
  })
}
const FAMILY = 'the other family goes into virtual_ipaddress_excluded, or an instance of its own'

const WHAT_COMES: Table<OpenInstance> = {
  virtual_ipaddress: addresses(instance => instance.addresses, true),
  virtual_ipaddress_excluded: addresses(instance => instance.excludedAddresses, false),
  virtual_routes: lines({
    takes: '<ROUTE> ',
    unsupported: ROUTES_NOT_DONE,
    each(line, { instance, config }, parser) {
      const route = routeOf(line, config, parser)
      if (route) instance.routes.push(route)
    },
  }),
  virtual_rules: lines({
    takes: '<RULE> ',
    unsupported: ROUTES_NOT_DONE,
    each(line, { instance, config }, parser) {
      const rule = ruleOf(line, config, parser)
      if (rule) instance.rules.push(rule)
    },
  }),
  promote_secondaries: on(instance => (instance.promoteSecondaries = true)),
}

const OTHERS: Table<OpenInstance> = {
  authentication: block<OpenInstance, OpenInstance>({
    table: AUTHENTICATION,
    open: (_line, open) => {
      auth(open.instance)
      return open
    },
  }),
  dont_track_primary: on(instance => (instance.dontTrackPrimary = true)),
  kernel_rx_buf_size: {
    takes: '<N>',
    read({ words }, { instance }, parser) {
      const bounds = { least: 0, most: 4_294_967_295 }
      if (words.length !== 2 || unsignedOf(words[1]!, bounds, parser) === undefined)
        parser.error(`(${instance.name}) invalid kernel_rx_buf_size specified`)
    },
  },
  linkbeat_use_polling: {
    takes: '',
    unsupported: 'uvs follows links by netlink',
    read: (_line, { instance }, parser) =>
      parser.error(
        `(${instance.name}) 'linkbeat_use_polling' in vrrp instance deprecated - use linkbeat_interfaces block`,
      ),
  },
  lvs_sync_daemon_interface: word({
    takes: '<INTERFACE>',
    unsupported: 'uvs has no synchronisation of connections yet',
    set({ instance }, name, parser) {
      instance.lvsSyncDaemonInterface = name
      parser.error(`(${instance.name}) Specifying lvs_sync_daemon_interface against a vrrp is deprecated.`)
      parser.error('        Please use global lvs_sync_daemon')
    },
  }),
  vmac_xmit_base: on(instance => (instance.vmacXmitBase = true), VMAC),
  use_vmac_addr: on(instance => (instance.useVmacAddr = true), VMAC),
}

const INSTANCE_KEYWORDS: Table<OpenInstance> = {
  ...ELECTION,
  ...garpKeywords<OpenInstance>({
    prefix: '',
    says: ({ instance }) => `(${instance.name}): `,
    garp: ({ instance }) => instance.garp,
    leastExtra: 0,
  }),
  ...ADDRESS_KEYWORDS,
  ...trackingKeywords<OpenInstance>(
    ({ instance }) => instance,
    ({ config }) => config,
  ),
  ...notifyKeywords<OpenInstance>(
    'vrrp_instance',
    ({ instance }) => instance,
    ({ config }) => config,
  ),
  ...WHAT_COMES,
  ...OTHERS,
}

function openInstance(
  { words: [, name, extra], place }: LogicalLine,
  config: ConfigDraft,
  parser: Parser,
): OpenInstance | undefined {
  if (name === undefined || name === '' || extra !== undefined) {
    parser.error('vrrp_instance must have a name', 'write vrrp_instance NAME {, one word as name')
    return undefined
  }
  if (config.instances.some(other => other.name === name)) {
    parser.error(`vrrp instance ${name} already defined`)
    return undefined
  }
  const instance = newInstance(name)
  config.instances.push(instance)
  config.heads.set(instance, place)
  return { instance, config }
}

function newInstance(name: string): InstanceDraft {
  const lists = {
    interfaces: [],
    scripts: [],
    files: [],
    processes: [],
    bfds: [],
    routes: [],
    rules: [],
    unicastPeers: [],
  }
  return { name, ...lists, addresses: [], excludedAddresses: [], notify: {}, garp: {}, usesUnicast: false }
}

export const vrrpInstance: Keyword<ConfigDraft> = block<ConfigDraft, OpenInstance>({
  takes: '<NAME>',
  table: INSTANCE_KEYWORDS,
  open: openInstance,
  orphan: config => ({ instance: newInstance('(null)'), config }),
  close({ instance }, config, parser) {
    if (parser.place) config.ends.set(instance, parser.place)
    if (instance.unicastTtl !== undefined && instance.unicastPeers.length === 0) {
      parser.error(`(${instance.name}): Cannot use unicast_ttl without unicast peers - resetting`)
      delete instance.unicastTtl
    }
    if (instance.isStrict === true && parser.place) config.strictAt ??= parser.place
  },
})
