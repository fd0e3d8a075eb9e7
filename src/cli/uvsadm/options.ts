import type { Protocol } from '../../control/api.js'
import { type Endpoint, readEndpoint, readInteger } from './endpoint.js'
import { UsageError } from './failure.js'
import type { Names } from './names.js'

/** What was given, under the names that ipvsadm has for its options in its messages. */
export interface Options {
  numeric?: true
  connection?: true
  'service-address'?: Endpoint & { protocol: Protocol }
  scheduler?: string
  'real-server'?: Endpoint
  'forwarding-method'?: '-g' | '-i' | '-m'
  weight?: number
  stats?: true
  nosort?: true
  exact?: true
}
export type OptionName = keyof Options

/** The order in which ipvsadm looks for options that are missing or out of place; the first one found is reported. */
export const OPTION_ORDER: readonly OptionName[] = [
  'numeric',
  'connection',
  'service-address',
  'scheduler',
  'real-server',
  'forwarding-method',
  'weight',
  'stats',
  'nosort',
  'exact',
]

export interface OptionSpec<N extends OptionName = OptionName> {
  flags: readonly string[]
  /** undefined: taken and ignored. */
  name?: N
  /** What stands for its value in the help; undefined: it takes none. */
  value?: string
  help: string
  /** `before`: the options that stand before it. */
  read?(text: string, names: Names, before: Options): Promise<Options[N]> | Options[N]
}

const WEIGHT_MAX = 2147483647

const serviceAddress = (protocol: Protocol, ...flags: string[]): OptionSpec<'service-address'> => ({
  flags,
  name: 'service-address',
  value: 'host[:port]',
  help: `virtual service, ${protocol.toUpperCase()}`,
  async read(text, names) {
    const endpoint = await readEndpoint(text, protocol, names)
    if (!endpoint) throw new UsageError('illegal virtual server address[:port] specified')
    return { protocol, ...endpoint }
  },
})

const method = (flag: '-g' | '-i' | '-m', long: string, help: string): OptionSpec<'forwarding-method'> => ({
  flags: [flag, long],
  name: 'forwarding-method',
  help,
  read: () => flag,
})

const on = (name: OptionName, help: string, ...flags: string[]): OptionSpec => ({ flags, name, help, read: () => true })

export const OPTIONS: readonly OptionSpec[] = [
  serviceAddress('tcp', '-t', '--tcp-service'),
  serviceAddress('udp', '-u', '--udp-service'),
  {
    flags: ['-s', '--scheduler'],
    name: 'scheduler',
    value: 'scheduler',
    help: 'wlc unless given',
    read: text => text,
  },
  {
    flags: ['-r', '--real-server'],
    name: 'real-server',
    value: 'host[:port]',
    help: 'real server; its port is that of the -t or -u before it unless given',
    // Before -t and -u, ipvsadm takes a port left out for 0 and knows no port's name.
    async read(text, names, before) {
      const service = before['service-address']
      const endpoint = await readEndpoint(text, service?.protocol, names)
      if (!endpoint) throw new UsageError('illegal real server address[:port] specified')
      return { ...endpoint, port: endpoint.port ?? service?.port }
    },
  },
  method('-m', '--masquerading', 'masquerading (NAT)'),
  method('-g', '--gatewaying', 'direct routing: not there yet'),
  method('-i', '--ipip', 'tunneling: not there yet'),
  {
    flags: ['-w', '--weight'],
    name: 'weight',
    value: 'weight',
    help: `0 to ${WEIGHT_MAX}, 1 unless given; 0: no new connections`,
    read(text) {
      const weight = readInteger(text, WEIGHT_MAX)
      if (weight === undefined) throw new UsageError('illegal weight specified')
      return weight
    },
  },
  on('connection', 'list connections', '-c', '--connection'),
  on('stats', 'list totals of connections, packets and bytes', '--stats'),
  on('exact', 'do not shorten large numbers', '--exact'),
  on('nosort', "list in the director's order: the newest real server first", '--nosort'),
  { flags: ['--sort'], help: 'list by protocol, address and port: does nothing, it is so anyway' },
  on('numeric', 'numbers for addresses and ports, not names', '-n', '--numeric'),
]

/** Commands and options of ipvsadm 1.31 that uvs lacks, so that they are told from mistakes. */
export const NOT_YET = {
  commands: '-R --restore -S --save --set --start-daemon --stop-daemon'.split(' '),
  options: [
    '--sctp-service -f --fwmark-service -6 --ipv6 -p --persistent -M --netmask --pe -b --sched-flags -o --ops',
    '-x --u-threshold -y --l-threshold --tun-type --tun-port --tun-nocsum --tun-csum --tun-remcsum --tun-info',
    '--timeout --daemon --rate --thresholds --persistent-conn',
    '--syncid --sync-maxlen --mcast-interface --mcast-group --mcast-port --mcast-ttl',
  ].flatMap(line => line.split(' ')),
}
