import { addressOf, isGroup } from '../addresses.js'
import { bool, flag, ignored, lines, number, time, word } from '../arguments.js'
import type { ConfigDraft } from '../draft.js'
import { unsignedOf } from '../numbers.js'
import type { Keyword, Parser, Table } from '../parser.js'
import type { GlobalDefs } from '../tree/global.js'
import { gapBetween, garpKeywords } from './garp.js'
import { LVS_KEYWORDS } from './global-lvs.js'
import { PROCESS_KEYWORDS } from './global-process.js'
import { SCRIPT_KEYWORDS } from './global-scripts.js'

const FILES = 'uvs keeps no such files'
const VMAC_NAMES = 'uvs makes no interfaces'

/** A flag of global_defs. */
function set(name: KeysOf<boolean>, unsupported?: string): Keyword<ConfigDraft> {
  return flag(({ global }) => void (global[name] = true), unsupported)
}

function setting(name: KeysOf<boolean | undefined>, bad: (word: string) => string): Keyword<ConfigDraft> {
  return bool({ bad, set: ({ global }, value) => void (global[name] = value) })
}

type KeysOf<V> = {
  [K in keyof GlobalDefs]-?: V extends GlobalDefs[K] | undefined
    ? GlobalDefs[K] extends boolean | undefined
      ? K
      : never
    : never
}[keyof GlobalDefs]

const forGlobal = (name: string) => (w: string) => `Invalid value '${w}' for global ${name} specified`
const plain = (name: string) => (): string => `Invalid value for ${name} specified`

/** The mail that is sent, and what is said of whom. */
const MAIL: Table<ConfigDraft> = {
  router_id: word({
    none: 'routerid name missing - ignoring',
    initial: "the host's name",
    set: ({ global }, id) => void (global.routerId = id),
  }),
  notification_email: lines({
    takes: '<ADDRESS> ',
    empty: () => 'Warning - empty notification_email block',
    each: ({ words }, { global }) => void global.notificationEmail.push(...words),
  }),
  notification_email_from: {
    takes: '<ADDRESS>',
    takesAll: true,
    initial: 'keepalived@HOST',
    read({ words }, { global }, parser) {
      if (words.length < 2) parser.error('emailfrom missing - ignoring')
      else global.notificationEmailFrom = words.slice(1).join(' ')
    },
  },
  smtp_server: {
    takes: '<ADDRESS> [<1-65535>]',
    read(line, { global }, parser) {
      const host = parser.needed(line)
      const [, , given = '25'] = line.words
      const port = unsignedOf(given, { least: 1, most: 65_535 }, parser)
      const isKnown = addressOf(host) !== undefined || (/^[\w.-]+$/.test(host) && parser.surroundings.resolves(host))
      if (port === undefined || !isKnown)
        parser.error(`Invalid smtp server ${host} ${given}`, 'a port is a word of its own: smtp_server 192.0.2.25 25')
      else global.smtpServer = { host, port }
    },
  },
  smtp_helo_name: {
    takes: '<STRING>',
    initial: "the host's name",
    read: ({ words: [, name] }, { global }) => void (name !== undefined && (global.smtpHeloName = name)),
  },
  smtp_connect_timeout: number({
    least: 0,
    most: 4294,
    initial: '30 s',
    bad: w => `smtp_connect_timeout '${w}' must be in [0, 4294] - ignoring`,
    takesPrefix: true,
    zero: 'smtp_conect_timeout must be greater than 0, setting to 1',
    set: ({ global }, value) => void (global.smtpConnectTimeoutMs = value * 1000),
  }),
  smtp_alert: setting('smtpAlert', forGlobal('smtp_alert')),
  smtp_alert_vrrp: setting('smtpAlertVrrp', forGlobal('smtp_alert_vrrp')),
  smtp_alert_checker: setting('smtpAlertChecker', forGlobal('smtp_alert_checker')),
  no_email_faults: set('noEmailFaults'),
  no_checker_emails: setting('noCheckerEmails', forGlobal('no_checker_emails')),
  checker_log_all_failures: setting('checkerLogAllFailures', plain('checker_log_all_failures')),
}

function mcastGroup(
  name: string,
  family: 4 | 6,
  put: (global: GlobalDefs, group: string) => void,
): Keyword<ConfigDraft> {
  return word({
    takes: '<ADDRESS>',
    initial: family === 4 ? '224.0.0.18' : 'ff02::12',
    set({ global }, text, parser) {
      const address = addressOf(text)
      if (address === undefined) parser.error(`Can't parse ${name} [${text}]. Skipping`)
      else if (address.family !== family) parser.error(`${name} [${text}] is not IPv${family}. Skipping`)
      else if (!isGroup(address)) parser.error(`${name} [${text}] is not multicast. Skipping`)
      else {
        if (family === 6 && !isGroup(address, true)) parser.error(`${name} [${text}] should be link-local multicast.`)
        put(global, address.text)
      }
    },
  })
}

const VRRP: Table<ConfigDraft> = {
  ...garpKeywords<ConfigDraft>({ prefix: 'vrrp_', says: () => '', garp: ({ global }) => global.garp, leastExtra: 1 }),
  vrrp_mcast_group4: mcastGroup('vrrp_mcast_group4', 4, (global, group) => (global.mcastGroup4 = group)),
  vrrp_mcast_group6: mcastGroup('vrrp_mcast_group6', 6, (global, group) => (global.mcastGroup6 = group)),
  default_interface: word({
    none: 'default_interface requires interface name',
    initial: 'eth0',
    set: ({ global }, name) => void (global.defaultInterface = name),
  }),
  vrrp_garp_interval: gapBetween('vrrp_garp_interval', ({ global }, ms) => (global.garpIntervalMs = ms)),
  vrrp_gna_interval: gapBetween('vrrp_gna_interval', ({ global }, ms) => (global.gnaIntervalMs = ms)),
  vrrp_min_garp: setting('minGarp', plain('vrrp_min_garp')),
  vrrp_down_timer_adverts: number({
    least: 1,
    most: 100,
    initial: '3',
    bad: w => `Invalid vrrp_down_timer_adverts [1:100] '${w}'`,
    set: ({ global }, value) => void (global.downTimerAdverts = value),
  }),
  vrrp_lower_prio_no_advert: setting('lowerPrioNoAdvert', plain('vrrp_lower_prio_no_advert')),
  vrrp_higher_prio_send_advert: setting('higherPrioSendAdvert', plain('vrrp_higher_prio_send_advert')),
  vrrp_version: number({
    least: 2,
    most: 3,
    initial: '2, for IPv6 3',
    bad: 'VRRP Error: Version must be either 2 or 3',
    isSigned: true,
    set: ({ global }, value) => void (global.version = value === 3 ? 3 : 2),
  }),
  vrrp_strict: flag((config, parser) => {
    config.global.strict = true
    config.strictAt = parser.place!
  }),
  vrrp_skip_check_adv_addr: set('skipCheckAdvAddr'),
  vrrp_check_unicast_src: set('checkUnicastSrc'),
  vrrp_notify_priority_changes: setting('notifyPriorityChanges', forGlobal('vrrp_notify_priority_changes')),
  vrrp_startup_delay: time({
    least: 0.001,
    most: 4294.967295,
    initial: '0',
    bad: w => `vrrp_startup_delay '${w}' is invalid`,
    set: ({ global }, ms) => void (global.startupDelayMs = ms),
  }),
  log_unknown_vrids: set('logUnknownVrids'),
  disable_local_igmp: flag(() => undefined, 'uvs joins groups with ordinary sockets'),
  vmac_prefix: word({ set: () => undefined, unsupported: VMAC_NAMES }),
  vmac_addr_prefix: word({ set: () => undefined, unsupported: VMAC_NAMES }),
  dynamic_interfaces: {
    takes: '[<allow_if_changes>]',
    initial: 'off',
    read({ words: [, option] }, { global }, parser) {
      if (option !== undefined && option !== 'allow_if_changes')
        parser.error(`Unknown dynamic_interfaces option '${option}'`, 'allowed: allow_if_changes')
      global.dynamicInterfaces = option === 'allow_if_changes' ? 'allow_if_changes' : 'yes'
    },
  },
}

const NUMBER = /^(0x[0-9a-f]+|[0-7]+|[1-9]\d*)$/i
const UMASK_BITS = ['IRUSR', 'IWUSR', 'IXUSR', 'IRGRP', 'IWGRP', 'IXGRP', 'IROTH', 'IWOTH', 'IXOTH']

function umask(words: readonly string[], parser: Parser): void {
  const text = words[0]!
  if (text === '') parser.error('umask missing bit value')
  else if (/^\d/.test(text)) {
    const value = text.startsWith('0') && !/^0x/i.test(text) ? Number.parseInt(text, 8) : Number(text)
    if (!NUMBER.test(text) || value > 0o777) parser.error(`invalid umask value ${text}`, 'allowed: 0 to 0777')
    else if (words.length > 1) parser.error('Extra parameter(s) to umask option')
  } else
    for (const bit of words.join('').split('|'))
      if (!UMASK_BITS.includes(bit))
        parser.error(`Unknown umask bit ${bit}`, `allowed: a number or ${UMASK_BITS.join('|')}`)
}

const OTHERS: Table<ConfigDraft> = {
  umask: {
    takes: '<NUMBER|BITS>',
    takesAll: true,
    initial: '0177',
    read(line, _config, parser) {
      parser.needed(line)
      umask(line.words.slice(1), parser)
    },
  },
  random_seed: number({
    least: 0,
    most: 4_294_967_295,

    bad: w => `random_seed ${w} invalid`,
    set: () => undefined,
  }),
  tmp_config_directory: word({
    none: 'tmp_config_directory missing directory name',
    set: () => undefined,
    unsupported: FILES,
  }),
  config_save_dir: word({
    unsupported: FILES,
    set(_config, path, parser) {
      if (parser.surroundings.read(path).kind === 'file')
        parser.error(`config_save_dir ${path} exists and is not a directory`)
      else if (path === '') parser.error('config_save_dir is empty')
    },
  }),
  include_check: ignored('[<match|wildcard_match|brace_match>]'),
  reload_check_config: {
    takes: '[<FILE>]',
    read: ({ words }, { global }) => void (global.reloadCheckConfig = words[1] ?? ''),
  },
  reload_time_file: {
    takes: '<FILE>',
    unsupported: 'uvs reloads when it is told to',
    read({ words }, _config, parser) {
      if (words.length !== 2) parser.error('reload_time_file invalid', 'write one file name')
    },
  },
  reload_repeat: flag(() => undefined, 'uvs reloads when it is told to'),
  reload_file: ignored('[<FILE>]', 'uvs reloads when it is told to'),
  data_use_instance: bool({
    bad: w => `Invalid value '${w}' for global date_use_instance specified`,
    unsupported: FILES,
    set: () => undefined,
  }),
}

/** The keywords of global_defs. */
export const GLOBAL_KEYWORDS: Table<ConfigDraft> = {
  ...MAIL,
  ...VRRP,
  ...SCRIPT_KEYWORDS,
  ...LVS_KEYWORDS,
  ...PROCESS_KEYWORDS,
  ...OTHERS,
}
