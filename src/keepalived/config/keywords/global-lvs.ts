import { addressOf, isGroup } from '../addresses.js'
import { bool, flag } from '../arguments.js'
import type { ConfigDraft } from '../draft.js'
import { type Bounds, unsignedOf } from '../numbers.js'
import type { Parser, Table } from '../parser.js'
import type { LvsSyncDaemon } from '../tree/global.js'

const SYNC_DAEMON = 'uvs has no synchronisation of connections yet'

/** What global_defs says of IPVS. */
export const LVS_KEYWORDS: Table<ConfigDraft> = {
  lvs_sync_daemon: {
    takes:
      '<INTERFACE> [[inst] <INSTANCE>] [id <0-255>] [maxlen <1-65507>] [port <1-65535>] [ttl <1-255>] [group <ADDRESS>]',
    takesAll: true,
    unsupported: SYNC_DAEMON,
    read({ words }, { global }, parser) {
      const [, interfaceName, ...options] = words
      if (interfaceName === undefined) parser.error('lvs_sync_daemon requires interface')
      else if (global.lvsSyncDaemon) {
        const { interface: on, instance = '' } = global.lvsSyncDaemon
        parser.error(`lvs_sync_daemon has already been specified as ${on} ${instance} - ignoring`)
      } else global.lvsSyncDaemon = syncDaemon(interfaceName, options, parser)
    },
  },
  lvs_timeouts: {
    takes: '[tcp <SECONDS>] [tcpfin <SECONDS>] [udp <SECONDS>]',
    takesAll: true,
    initial: "the kernel's",
    read({ words }, { global }, parser) {
      const timeouts = ['tcp', 'tcpfin', 'udp']
      for (let at = 1; at < words.length; at++) {
        const name = words[at]!
        if (name !== 'tcp' && name !== 'tcpfin' && name !== 'udp') {
          parser.error(
            `Unknown option ${name} specified for lvs_timeouts`,
            'allowed: tcp, tcpfin, udp, each with seconds',
          )
          continue
        }
        const text = words[++at]
        const value = text === undefined ? undefined : unsignedOf(text, { least: 0, most: 2_678_400 }, parser)
        if (value !== undefined) global.lvsTimeouts[name] = value
        else if (text === undefined) parser.error(`No value specified for lvs_timeout ${name} - ignoring`)
        else parser.error(`Invalid lvs_timeout ${name} (${text}) - ignoring`)
      }
      // A name alone is no option: it is the last word.
      if (!words.slice(1, -1).some(text => timeouts.includes(text)))
        parser.error('lvs_timeouts requires at least one option')
    },
  },
  lvs_flush: flag(({ global }) => void (global.lvsFlush = true)),
  lvs_flush_on_stop: {
    takes: '[<VS>]',
    initial: 'off',
    read({ words: [, what] }, { global }, parser) {
      if (what === undefined) global.lvsFlushOnStop = 'all'
      else if (what === 'VS') global.lvsFlushOnStop = 'virtual servers'
      else parser.error(`Unknown lvs_flush_on_stop type ${what}`, 'allowed: VS, or nothing')
    },
  },
  rs_init_notifies: bool({
    bad: text => `Invalid value '${text}' for global rs_init_notifies specified`,
    set: ({ global }, value) => void (global.rsInitNotifies = value),
  }),
}

const NUMBERS: Record<string, Bounds & { readonly set: (daemon: LvsSyncDaemon, value: number) => void }> = {
  id: { least: 0, most: 255, set: (daemon, value) => (daemon.syncId = value) },
  maxlen: { least: 1, most: 65_507, set: (daemon, value) => (daemon.maxLength = value) },
  port: { least: 1, most: 65_535, set: (daemon, value) => (daemon.port = value) },
  ttl: { least: 1, most: 255, set: (daemon, value) => (daemon.ttl = value) },
}

function syncDaemon(interfaceName: string, options: readonly string[], parser: Parser): LvsSyncDaemon {
  const daemon: LvsSyncDaemon = { interface: interfaceName }
  for (let at = 0; at < options.length; at++) {
    const name = options[at]!
    const value = options[at + 1]
    if (name === 'inst' && value !== undefined) daemon.instance = options[++at]!
    else if (name === 'group' && value !== undefined) group(daemon, options[++at]!, parser)
    else if (Object.hasOwn(NUMBERS, name) && value !== undefined) syncNumber(daemon, name, options[++at]!, parser)
    else if (daemon.instance === undefined && at === 0) daemon.instance = name
    else if (at <= 1) bareId(daemon, name, parser)
    else parser.error(`Unknown option ${name} specified for lvs_sync_daemon`)
  }
  return daemon
}

/** The old form: a number without `id`. */
function bareId(daemon: LvsSyncDaemon, text: string, parser: Parser): void {
  if (/^\d+$/.test(text)) parser.error('Please use keyword "id" before lvs_sync_daemon SYNCID')
  syncNumber(daemon, 'id', text, parser)
}

function syncNumber(daemon: LvsSyncDaemon, name: string, text: string, parser: Parser): void {
  const known = NUMBERS[name]!
  const value = unsignedOf(text, known, parser)
  if (value !== undefined) known.set(daemon, value)
  else if (name === 'id') parser.error(`Invalid syncid (${text}) - defaulting to vrid`)
  else parser.error(`Invalid lvs_sync_daemon ${name} (${text}) - ignoring`)
}

function group(daemon: LvsSyncDaemon, text: string, parser: Parser): void {
  const address = addressOf(text)
  if (address && isGroup(address)) daemon.group = address.text
  else parser.error(`lvs_sync_daemon group address ${text} is not multicast - ignoring`)
}
