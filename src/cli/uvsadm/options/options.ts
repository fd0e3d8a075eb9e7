import { isIPv4, isIPv6 } from 'node:net'
import type { Protocol } from '../../../control/protocol/api.js'
import type { Option } from '../../option.js'
import { WATCH_LEAST, WATCH_MOST } from '../../watch-limits.js'
import { atoi, readAddress, readEndpoint, readInteger } from './endpoint.js'
import { CommandLineError } from '../failure.js'
import type { Names } from './names.js'
import { familyOf, type ForwardingMethod, type OptionName, type Options } from './option-names.js'
import { schedFlagList } from './sched-flags.js'
import { readTimeout, TIMEOUT_MAX } from './timeout.js'

export interface OptionSpec<N extends OptionName = OptionName> extends Option {
  /** undefined: accepted and ignored. */
  name?: N
  /** May come before the command, or without one: then it is -L. */
  leads?: true
  /** `before`: the options before it. */
  read?(text: string, names: Names, before: Options): Promise<Options[N]> | Options[N]
  /** Instead of `name` and `read`: changes the values of the options before it. */
  change?(before: Options): void
}

/** The built-in schedulers; a director may load more. */
export const SCHEDULERS = 'rr wrr lc wlc sed nq sh dh lblc lblcr mh fo ovf none'.split(' ')

const WEIGHT_MAX = 2147483647
const THRESHOLD_MAX = 2147483647
const MARK_MAX = 4294967295

const serviceAddress = (protocol: Protocol, ...flags: string[]): OptionSpec<'service-address'> => ({
  flags,
  name: 'service-address',
  value: 'host[:port]',
  is: 'service',
  help: `virtual service, ${protocol.toUpperCase()}`,
  async read(text, names) {
    const endpoint = await readEndpoint(text, protocol, names)
    if (!endpoint) throw new CommandLineError('illegal virtual server address[:port] specified')
    return { protocol, ...endpoint }
  },
})

const threshold = (name: 'u-threshold' | 'l-threshold', flag: string, value: string, help: string): OptionSpec => ({
  flags: [flag, `--${name}`],
  name,
  value,
  help,
  read(text) {
    const connections = readInteger(text, THRESHOLD_MAX)
    if (connections === undefined) throw new CommandLineError(`illegal ${name.replace('-', '_')} specified`)
    return connections
  },
})

const method = (flag: ForwardingMethod, help: string, ...longer: string[]): OptionSpec<'forwarding-method'> => ({
  flags: [flag, ...longer],
  name: 'forwarding-method',
  help,
  read: () => flag,
})

/** A number for the synchronisation daemon. */
const daemonNumber = (name: DaemonNumber, least: number, most: number, help: string): OptionSpec => ({
  flags: [`--${name}`],
  name,
  value: 'number',
  help: `${help}, ${least} to ${most}`,
  read(text) {
    const number = readInteger(text, most)
    if (number === undefined || number < least) throw new CommandLineError(`illegal ${name} specified`)
    return number
  },
})
type DaemonNumber = 'syncid' | 'sync-maxlen' | 'mcast-port' | 'mcast-ttl'

/** Whether it is a multicast address: the first octet is 224 to 239, or ff. */
function isGroup(text: string): boolean {
  return isIPv6(text) ? /^ff..:/i.test(text) : isIPv4(text) && /^2(2[4-9]|3\d)\./.test(text)
}

const on = (name: OptionName, help: string, ...flags: string[]): OptionSpec => ({ flags, name, help, read: () => true })

export const OPTIONS: readonly OptionSpec[] = [
  serviceAddress('tcp', '-t', '--tcp-service'),
  serviceAddress('udp', '-u', '--udp-service'),
  serviceAddress('sctp', '--sctp-service'),
  {
    flags: ['-f', '--fwmark-service'],
    name: 'service-address',
    value: 'mark',
    is: 'service',
    help: `virtual service of a firewall mark, 1 to ${MARK_MAX}`,
    read(text) {
      const mark = readInteger(text, MARK_MAX)
      if (!mark) throw new CommandLineError(`invalid fwmark value \`${text}' specified`)
      return { mark }
    },
  },
  {
    flags: ['-6', '--ipv6'],
    help: 'the mark before it is of IPv6 packets',
    change(before) {
      const service = before['service-address']
      if (!service || !('mark' in service)) throw new CommandLineError('-6 used before -f\n')
      before['service-address'] = { ...service, family: 6 }
      if (before.netmask !== undefined) before.netmask = '128'
    },
  },
  {
    flags: ['-s', '--scheduler'],
    name: 'scheduler',
    value: 'scheduler',
    examples: SCHEDULERS,
    help: 'wlc unless given',
    read: text => text,
  },
  {
    flags: ['-b', '--sched-flags'],
    name: 'sched-flags',
    value: 'flags',
    examples: schedFlagList,
    help: 'sh-fallback,sh-port with sh; mh-fallback,mh-port with mh; flag-1,flag-2,flag-3',
    read: text => text,
  },
  {
    flags: ['-p', '--persistent'],
    name: 'persistent',
    value: '[seconds]',
    otherwise: '360',
    help: `a client stays with its real server, 1 to ${TIMEOUT_MAX}, 360 unless given`,
    read: text => readTimeout(text, 1),
  },
  {
    flags: ['-M', '--netmask'],
    name: 'netmask',
    value: 'mask',
    help: 'clients taken for one by -p, all bits unless given; `24` is 0.0.0.24, of IPv6 /24',
    async read(text, names, before) {
      if (familyOf(before['service-address']) === 6) {
        const prefix = atoi(text)
        if (prefix < 1 || prefix > 128) throw new CommandLineError('illegal ipv6 netmask specified')
        return String(prefix)
      }
      const mask = await readAddress(text, names)
      if (mask === undefined) throw new CommandLineError('illegal virtual server persistent mask specified')
      return mask
    },
  },
  {
    flags: ['--pe'],
    name: 'pe',
    value: 'engine',
    help: 'persistence engine: sip. It is kept, but clients stay by their address yet',
    read: text => text,
  },
  on('ops', 'every datagram is scheduled by itself (UDP and -f only)', '-o', '--ops'),
  on('toa', 'FULLNAT tells the client by a TCP option (TCP and -f only)', '--toa'),
  {
    flags: ['--proxy-protocol'],
    name: 'proxy-protocol',
    value: 'v1|v2',
    choices: ['v1', 'v2'],
    help: 'FULLNAT tells the client by the PROXY protocol (TCP and -f only)',
    read(text) {
      if (text !== 'v1' && text !== 'v2')
        throw new CommandLineError(`invalid PROXY protocol \`${text}', neither v1 nor v2`)
      return text
    },
  },
  {
    flags: ['-r', '--real-server'],
    name: 'real-server',
    value: 'host[:port]',
    is: 'server',
    help: 'real server; its port is that of the service before it unless given, 0 with -f',
    // Before the service, ipvsadm takes a missing port for 0 and knows no port names. With -f it knows TCP's.
    async read(text, names, before) {
      const service = before['service-address']
      const { protocol, port } = service && 'mark' in service ? { protocol: 'tcp' as const, port: 0 } : (service ?? {})
      const endpoint = await readEndpoint(text, protocol, names)
      if (!endpoint) throw new CommandLineError('illegal real server address[:port] specified')
      return { ...endpoint, port: endpoint.port ?? port }
    },
  },
  method('-g', "direct routing, as unless given; the port is the service's", '--gatewaying'),
  method('-i', "tunneling; the port is the service's", '--ipip'),
  method('-m', 'masquerading (NAT)', '--masquerading'),
  method('--fullnat', 'FULLNAT, from the addresses of -P; with -a and -e also -b, as in DPVS'),
  {
    flags: ['--tun-type'],
    name: 'tun-type',
    value: 'type',
    choices: ['ipip', 'gue', 'gre'],
    help: 'of -i: ipip, as unless given, gue or gre',
    read(text) {
      if (text !== 'ipip' && text !== 'gue' && text !== 'gre')
        throw new CommandLineError('illegal tunnel type specified')
      return text
    },
  },
  {
    flags: ['--tun-port'],
    name: 'tun-port',
    value: 'port',
    help: 'of gue: the UDP port of the real server, 1 to 65535',
    read(text) {
      const port = readInteger(text, 65535)
      if (!port) throw new CommandLineError('illegal tunnel port specified')
      return port
    },
  },
  on('tun-nocsum', 'of gue and gre: no checksum outside, as unless given', '--tun-nocsum'),
  on('tun-csum', 'of gue and gre: a checksum outside', '--tun-csum'),
  on('tun-remcsum', 'of gue: the checksum inside is left to the far end', '--tun-remcsum'),
  {
    flags: ['-z', '--local-address', '--laddr'],
    name: 'local-address',
    value: 'host',
    help: 'local address of FULLNAT connections of the service; a port is passed over',
    async read(text, names) {
      const address = isIPv6(text) ? text : await readAddress(text.replace(/:\d+$/, ''), names)
      if (address === undefined) throw new CommandLineError('illegal local address specified')
      return address
    },
  },
  {
    flags: ['-F', '--ifname'],
    value: 'interface',
    is: 'interface',
    help: "of -P, -Q and -G, as DPVS's scripts have it: means nothing here",
  },
  {
    flags: ['-w', '--weight'],
    name: 'weight',
    value: 'weight',
    help: `0 to ${WEIGHT_MAX}, 1 unless given; 0: no new connections`,
    read(text) {
      const weight = readInteger(text, WEIGHT_MAX)
      if (weight === undefined) throw new CommandLineError('illegal weight specified')
      return weight
    },
  },
  threshold('u-threshold', '-x', 'upper', 'no new connections from so many on; 0, as unless given: any number'),
  threshold('l-threshold', '-y', 'lower', 'after that, new ones again below so many; 0: below 3/4 of -x'),
  on('connection', 'list connections', '-c', '--connection'),
  on('stats', 'list totals of connections, packets and bytes', '--stats'),
  on('rate', 'list rates, a second', '--rate'),
  on('thresholds', 'list -x and -y of real servers', '--thresholds'),
  on('persistent-conn', 'list how many clients stay with each real server', '--persistent-conn'),
  on('tun-info', 'list the tunnels of real servers', '--tun-info'),
  on('timeout', 'list the timeouts of --set', '--timeout'),
  on('daemon', 'list the synchronisation daemons: there are none', '--daemon'),
  on('exact', 'do not shorten large numbers', '--exact'),
  on('nosort', "list in the director's order: the newest real server first", '--nosort'),
  { flags: ['--sort'], help: 'list by protocol, address and port: does nothing, it is so anyway' },
  daemonNumber('syncid', 0, 255, 'of --start-daemon: whom it speaks with'),
  daemonNumber('sync-maxlen', 1, 65507, 'of --start-daemon: octets of a message at the most'),
  {
    flags: ['--mcast-interface'],
    name: 'mcast-interface',
    value: 'interface',
    help: 'of --start-daemon: where it speaks',
    read: text => text,
  },
  {
    flags: ['--mcast-group'],
    name: 'mcast-group',
    value: 'address',
    help: 'of --start-daemon: a multicast address',
    read(text) {
      if (!isGroup(text)) throw new CommandLineError(`invalid IPv${text.includes(':') ? 6 : 4} mcast-group \`${text}'`)
      return text
    },
  },
  daemonNumber('mcast-port', 1, 65535, 'of --start-daemon: UDP port'),
  daemonNumber('mcast-ttl', 1, 255, 'of --start-daemon: TTL'),
  on('numeric', 'numbers for addresses and ports, not names', '-n', '--numeric'),
  { ...on('json', 'list as one JSON document, addresses in numbers (docs/json.md)', '--json'), leads: true },
  {
    flags: ['--watch'],
    name: 'watch',
    value: '[seconds]',
    otherwise: '2',
    leads: true,
    help: `list with -n and rates, again and again until q; ${WATCH_LEAST} to ${WATCH_MOST}, 2 unless given`,
    read(text) {
      const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN
      if (!(seconds >= WATCH_LEAST && seconds <= WATCH_MOST))
        throw new CommandLineError(
          `illegal watch interval \`${text}' specified, ${WATCH_LEAST} to ${WATCH_MOST} seconds`,
        )
      return seconds
    },
  },
]
