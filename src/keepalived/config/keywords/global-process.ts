import { bool, flag, ignored, number, word } from '../arguments.js'
import { signedOf, unsignedOf } from '../numbers.js'
import type { Keyword, Table } from '../parser.js'
import type { ConfigDraft } from '../draft.js'

/** keepalived's own processes: uvs has one, whose priority and processors `uvs director` and systemd set. */
const OWN_PROCESS = "keepalived's processes are not uvs's: use the options of `uvs director`, or systemd's"
const SNMP = 'uvs speaks no SNMP: its numbers are in `uvs metrics`'
const DBUS = 'uvs speaks no D-Bus'
const FIREWALL = 'uvs sets no firewall rules'
const BUFFERS = 'uvs sets its own buffers'

const SIGNED = { least: -2_147_483_648, most: 2_147_483_647 }
const ANY = { least: 0, most: 4_294_967_295 }

/** Priorities, processors and buffers of processes; names and files; SNMP, D-Bus, firewall. */
export const PROCESS_KEYWORDS: Table<ConfigDraft> = {
  ...processKeywords('vrrp'),
  ...processKeywords('checker'),
  ...processKeywords('bfd'),
  process_names: flag(() => undefined, OWN_PROCESS),
  process_name: word({ set: () => undefined, unsupported: OWN_PROCESS }),
  max_auto_priority: {
    takes: '[<-1-99>]',
    initial: '0',
    unsupported: OWN_PROCESS,
    read(line, target, parser) {
      if (line.words.length > 1) MAX_AUTO.read(line, target, parser)
    },
  },
  min_auto_priority_delay: number({
    least: 1,
    most: 10_000_000,
    isSigned: true,
    none: 'min_auto_priority_delay requires delay time',
    initial: '1000000 µs',
    unsupported: OWN_PROCESS,
    bad: w => `min_auto_priority_delay '${w}' must be in [1, 10000000] - ignoring`,
    set: () => undefined,
  }),
  snmp_socket: {
    takes: '<SOCKET>',
    unsupported: SNMP,
    read({ words }, config, parser) {
      if (words.length < 2) parser.error('SNMP error : snmp socket name missing')
      else if (words.length > 2) parser.error('Too many parameters specified for snmp_socket - ignoring')
      else if (config.snmpSocket !== undefined)
        parser.error(`SNMP socket already set to ${config.snmpSocket} - ignoring`)
      else config.snmpSocket = words[1]!
    },
  },
  ...flags(
    ['enable_snmp_keepalived', 'enable_snmp_vrrp', 'enable_snmp_checker', 'enable_snmp_rfc', 'enable_snmp_rfcv2'],
    SNMP,
  ),
  ...flags(['enable_snmp_rfcv3', 'enable_traps'], SNMP),
  enable_dbus: flag(() => undefined, DBUS),
  dbus_service_name: word({ none: 'dbus_service_name missing - ignoring', unsupported: DBUS, set: () => undefined }),
  nftables: ignored('[<NAME>]', FIREWALL),
  nftables_priority: priority(w => `invalid nftables chain priority '${w}'`),
  ...flags(['nftables_counters', 'nftables_ifindex'], FIREWALL),
  nftables_ipvs: ignored('[<NAME>]', FIREWALL),
  nftables_ipvs_priority: priority(w => `invalid ipvs nftables chain priority '${w}'`),
  nftables_ipvs_start_fwmark: number({
    least: 1,
    most: 4_294_967_295,
    initial: '1000',
    unsupported: FIREWALL,
    bad: w => `invalid ipvs nftables start_fwmark priority '${w}'`,
    set: () => undefined,
  }),
  vrrp_iptables: {
    takes: '[<CHAIN>] [<CHAIN>]',
    unsupported: FIREWALL,
    read: (_line, _target, parser) =>
      parser.error(
        "iptables not supported, using nftables instead. Please replace 'vrrp_iptables and 'vrrp_ipsets' with 'nftables' config option",
      ),
  },
  ...receiveBuffers(['vrrp_netlink_cmd', 'vrrp_netlink_monitor', 'lvs_netlink_cmd', 'lvs_netlink_monitor']),
  ...receiveBuffers(['process_monitor']),
  vrrp_rx_bufs_policy: {
    takes: '<MTU|ADVERT|NUMBER>',
    unsupported: BUFFERS,
    read({ words: [, policy] }, _target, parser) {
      if (policy === undefined) parser.error('vrrp_rx_bufs_policy missing')
      else if (policy !== '' && !/^(mtu|advert)$/i.test(policy) && unsignedOf(policy, ANY, parser) === undefined)
        parser.error(`Invalid vrrp_rx_bufs_policy ${policy}`, 'allowed: MTU, ADVERT or a number')
    },
  },
  vrrp_rx_bufs_multiplier: {
    takes: '<1-4294967295>',
    initial: '3',
    unsupported: BUFFERS,
    read({ words }, _config, parser) {
      if (words.length !== 2) parser.error('Invalid vrrp_rx_bufs_multiplier')
      else if (unsignedOf(words[1]!, { least: 1, most: ANY.most }, parser) === undefined)
        parser.error(`Invalid vrrp_rx_bufs_multiplier ${words[1]}`)
    },
  },
}

const MAX_AUTO = number<ConfigDraft>({
  least: -1,
  most: 99,
  isSigned: true,
  bad: w => `max_auto_priority '${w}' must be in [0, 99] (or -1 to disable) - ignoring`,
  set: () => undefined,
})

function flags(names: readonly string[], unsupported: string): Table<ConfigDraft> {
  return Object.fromEntries(names.map(name => [name, flag<ConfigDraft>(() => undefined, unsupported)]))
}

function priority(bad: (word: string) => string): Keyword<ConfigDraft> {
  return number({
    least: -2_147_483_648,
    most: 2_147_483_647,
    isSigned: true,
    initial: '-1',
    unsupported: FIREWALL,
    bad,
    set: () => undefined,
  })
}

function receiveBuffers(names: readonly string[]): Table<ConfigDraft> {
  return Object.fromEntries(
    names.flatMap(name => [
      [
        `${name}_rcv_bufs`,
        number<ConfigDraft>({
          ...ANY,
          initial: '0',
          none: `${name}_rcv_bufs size missing`,
          unsupported: BUFFERS,
          bad: w => `${name}_rcv_bufs size (${w}) invalid`,
          set: () => undefined,
        }),
      ],
      [
        `${name}_rcv_bufs_force`,
        bool<ConfigDraft>({
          unsupported: BUFFERS,
          bad: w => `Invalid value '${w}' for global ${name}_rcv_bufs_force specified`,
          set: () => undefined,
        }),
      ],
    ]),
  )
}

function processKeywords(process: 'vrrp' | 'checker' | 'bfd'): Table<ConfigDraft> {
  return {
    [`${process}_process_name`]: word<ConfigDraft>({ set: () => undefined, unsupported: OWN_PROCESS }),
    [`${process}_priority`]: number<ConfigDraft>({
      least: -20,
      most: 19,
      isSigned: true,
      initial: '0',
      none: `No ${process} process priority specified`,
      unsupported: OWN_PROCESS,
      bad: `Invalid ${process} process priority specified`,
      set: () => undefined,
    }),
    [`${process}_no_swap`]: flag<ConfigDraft>(() => undefined, OWN_PROCESS),
    [`${process}_rlimit_rttime`]: number<ConfigDraft>({
      least: 1,
      most: 4_294_967_295,
      initial: '10000 µs',
      unsupported: OWN_PROCESS,
      bad: w => `Invalid ${process} real-time limit - ${w}`,
      set: () => undefined,
    }),
    [`${process}_rt_priority`]: realTime(process),
    [`${process}_cpu_affinity`]: {
      takes: '<CPU>…',
      takesAll: true,
      unsupported: OWN_PROCESS,
      read({ words }, _target, parser) {
        if (words.length === 1) parser.error(`No ${process} cpu_id set specified`)
        for (const cpu of words.slice(1))
          if (signedOf(cpu, { least: 0, most: parser.surroundings.cpus - 1 }, parser) === undefined)
            parser.error(`Invalid cpu_id:${Number.parseInt(cpu, 10) | 0} specified for ${process} process`)
      },
    },
  }
}

function realTime(process: string): Keyword<ConfigDraft> {
  return {
    takes: '<1-99>',
    unsupported: OWN_PROCESS,
    read({ words: [, text] }, _target, parser) {
      const about = `${process} process real-time priority`
      if (text === undefined) {
        parser.error(`No ${about} specified`)
        return
      }
      const value = signedOf(text, SIGNED, parser)
      if (value === undefined) parser.error(`${about} '${text}' invalid`)
      else if (value > 99) parser.error(`${about} ${value} greater than maximum 99 - setting to maximum`)
      else if (value < 1) parser.error(`${about} ${value} less than minimum 1 - setting to minimum`)
    },
  }
}
