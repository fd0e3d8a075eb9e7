import t from 'tap'
import { checkOptions } from '../../../src/cli/uvsadm/command.js'
import { commands } from '../../../src/cli/uvsadm/commands/commands.js'
import { OPTION_ORDER } from '../../../src/cli/uvsadm/options/option-names.js'
import { readArguments } from '../../../src/cli/uvsadm/options/read-arguments.js'
import { fakeNames } from '../../support/names.js'

/** The command's name and what it would do, or what is wrong and the exit status. No director far and wide. */
async function parse(line: string): Promise<unknown> {
  try {
    const argv = line.split(' ').map(word => word.replace(/^''$/, ''))
    const { command, options } = await readArguments(argv, commands, fakeNames({ '192.0.2.7': 'web' }))
    checkOptions(command, options)
    return [command.name, withoutOp(command.parse(options))]
  } catch (error) {
    return error instanceof Error && 'status' in error ? `${error.message} = ${String(error.status)}` : error
  }
}

/** run.test.ts looks at the operations. */
function withoutOp(args: unknown): unknown {
  const { op: _, ...rest } = args as { op?: string }
  return rest
}

const tcp = { protocol: 'tcp', address: '10.0.0.1', port: 80 }
const server = { address: '10.0.0.2', port: 80 }
const listing = { what: 'plain', numeric: false, sorted: true, exact: false, withEngine: false, json: false }
const settings = { scheduler: 'wlc', persistence: 0, netmask: '255.255.255.255', onePacket: false, schedFlags: 0 }
const masq = { method: 'masq', weight: 1, upperThreshold: 0, lowerThreshold: 0 }

const direct = { ...masq, method: 'direct' }
const fullnat = { ...masq, method: 'fullnat' }
const ipip = { ...masq, method: 'tunnel', tunnel: { type: 'ipip', port: 0, checksum: 'none' } }
function added(destination: object, settings: object, service: object = tcp): [string, unknown] {
  return ['add-server', { service, destination, settings }]
}

const RIGHT: Record<string, [string, unknown]> = {
  '-A -t 10.0.0.1:80 -s rr': ['add-service', { service: tcp, settings: { ...settings, scheduler: 'rr' } }],
  '--add-service --tcp-service=10.0.0.1:80': ['add-service', { service: tcp, settings }],
  '-At10.0.0.1:http -srr': ['add-service', { service: tcp, settings: { ...settings, scheduler: 'rr' } }],
  "-A -t 10.0.0.1:80 -s ''": ['add-service', { service: tcp, settings }],
  '-A -u web:53 --sort --sort': [
    'add-service',
    { service: { protocol: 'udp', address: '192.0.2.7', port: 53 }, settings },
  ],
  '-E -t 10.0.0.1:80': ['edit-service', { service: tcp, settings }],
  '-A -f 7': ['add-service', { service: { mark: 7 }, settings }],
  '-A -f=010 -o': ['add-service', { service: { mark: 10 }, settings: { ...settings, onePacket: true } }],
  '-A --fwmark-service 4294967295 -p -M 24': [
    'add-service',
    { service: { mark: 4294967295 }, settings: { ...settings, persistence: 360, netmask: '0.0.0.24' } },
  ],
  '-A --sctp-service 10.0.0.1:9 -p 0300': [
    'add-service',
    { service: { protocol: 'sctp', address: '10.0.0.1', port: 9 }, settings: { ...settings, persistence: 300 } },
  ],
  '-A -t 10.0.0.1 --persistent=2678400 --netmask web': [
    'add-service',
    { service: { ...tcp, port: 0 }, settings: { ...settings, persistence: 2678400, netmask: '192.0.2.7' } },
  ],
  '-E -u 10.0.0.1:53 --ops -b ,mh-port,,flag-3, -s mh': [
    'edit-service',
    {
      service: { protocol: 'udp', address: '10.0.0.1', port: 53 },
      settings: { ...settings, scheduler: 'mh', onePacket: true, schedFlags: 6 },
    },
  ],
  "-A -t 10.0.0.1:80 --sched-flags '' -p --": [
    'add-service',
    { service: tcp, settings: { ...settings, persistence: 360 } },
  ],
  '-A -t [2001:DB8::1]:80 --pe sip': [
    'add-service',
    {
      service: { ...tcp, address: '2001:db8::1' },
      settings: { ...settings, netmask: '128', engine: 'sip' },
    },
  ],
  '-A -f 8 -6 -p 5 -M 64': [
    'add-service',
    { service: { mark: 8, family: 6 }, settings: { ...settings, persistence: 5, netmask: '64' } },
  ],
  '-A -f 8 -M 64 -6': ['add-service', { service: { mark: 8, family: 6 }, settings: { ...settings, netmask: '128' } }],
  '-a -t [2001:db8::1]:80 -r 10.0.0.2 -i': added(server, ipip, { ...tcp, address: '2001:db8::1' }),
  '-a -t 10.0.0.1:80 -r [2001:db8::2]:80 -i': added({ ...server, address: '2001:db8::2' }, ipip),
  '-L --daemon --syncid 3': ['list', { ...listing, what: 'daemons' }],
  '--start-daemon=master --mcast-group ff02::1 --mcast-ttl 255': ['start-daemon', {}],
  '--stop-daemon backup --syncid 0': ['stop-daemon', {}],
  '-D -f 7': ['delete-service', { service: { mark: 7 } }],
  '-D -t 10.0.0.1:80': ['delete-service', { service: tcp }],
  '-D -t 10.0.0.1': ['delete-service', { service: { ...tcp, port: 0 } }],
  '-C': ['flush', {}],
  '-a -t 10.0.0.1:80 -r 10.0.0.2 -m': ['add-server', { service: tcp, destination: server, settings: masq }],
  '-a -t 10.0.0.1:80 -r 10.0.0.2:0 -mw 0': [
    'add-server',
    { service: tcp, destination: { ...server, port: 0 }, settings: { ...masq, weight: 0 } },
  ],
  '-e -t 10.0.0.1:80 -r 10.0.0.2:http --masquerading --weight 2147483647': [
    'edit-server',
    { service: tcp, destination: server, settings: { ...masq, weight: 2147483647 } },
  ],
  '-a -t 10.0.0.1:80 -r 10.0.0.2 -m -x 2147483647 -y 5': [
    'add-server',
    { service: tcp, destination: server, settings: { ...masq, upperThreshold: 2147483647, lowerThreshold: 5 } },
  ],
  '-a -f 7 -r 10.0.0.2 -m': [
    'add-server',
    { service: { mark: 7 }, destination: { ...server, port: 0 }, settings: masq },
  ],
  '-a -f 7 -r 10.0.0.2:http -m': ['add-server', { service: { mark: 7 }, destination: server, settings: masq }],
  '-a -t 10.0.0.1:80 -r 10.0.0.2': added(server, direct),
  '-a -t 10.0.0.1:80 -r 10.0.0.2:99 -g': added(server, direct),
  '-a -r 10.0.0.2:99 --gatewaying -t 10.0.0.1:80': added(server, direct),
  '-a -t 10.0.0.1 -r 10.0.0.2:99': added({ ...server, port: 0 }, direct, { ...tcp, port: 0 }),
  '-a -t 10.0.0.1:80 -r 10.0.0.2:99 -i': added(server, ipip),
  '-a -t 10.0.0.1:80 -r 10.0.0.2 --ipip --tun-type ipip': added(server, ipip),
  '-a -f 7 -r 10.0.0.2:99': added({ ...server, port: 99 }, direct, { mark: 7 }),
  '-a -f 7 -r 10.0.0.2:99 -i': added({ ...server, port: 99 }, ipip, { mark: 7 }),
  '-a -t 10.0.0.1:80 -r 10.0.0.2 -i --tun-type=gue --tun-port +07': added(server, {
    ...ipip,
    tunnel: { type: 'gue', port: 7, checksum: 'none' },
  }),
  '-a -t 10.0.0.1:80 -r 10.0.0.2 -i --tun-remcsum --tun-port=65535 --tun-type gue': added(server, {
    ...ipip,
    tunnel: { type: 'gue', port: 65535, checksum: 'remote' },
  }),
  '-a -t 10.0.0.1:80 -r 10.0.0.2 -i --tun-type gre --tun-csum': added(server, {
    ...ipip,
    tunnel: { type: 'gre', port: 0, checksum: 'full' },
  }),
  '-a -t 10.0.0.1:80 -r 10.0.0.2 -i --tun-type gre --tun-nocsum': added(server, {
    ...ipip,
    tunnel: { type: 'gre', port: 0, checksum: 'none' },
  }),
  '-e -t 10.0.0.1:80 -r 10.0.0.2': ['edit-server', { service: tcp, destination: server, settings: direct }],
  '-a -t 10.0.0.1:80 -r 10.0.0.2:99 -b': added({ ...server, port: 99 }, fullnat),
  '-abt 10.0.0.1:80 -r 10.0.0.2 -w 1': added(server, fullnat),
  '-a -t 10.0.0.1:80 -bw 3 -r 10.0.0.2': added(server, { ...fullnat, weight: 3 }),
  '-a -b -f 7 -r 10.0.0.2:99': added({ ...server, port: 99 }, fullnat, { mark: 7 }),
  '-a -t 10.0.0.1:80 --fullnat -r 10.0.0.2': added(server, fullnat),
  '-e -b -t 10.0.0.1:80 -r 10.0.0.2': ['edit-server', { service: tcp, destination: server, settings: fullnat }],
  '-A -t 10.0.0.1:80 -b flag-1 --toa': [
    'add-service',
    { service: tcp, settings: { ...settings, schedFlags: 1, clientAddress: 'toa' } },
  ],
  '-E -f 7 --proxy-protocol v1': [
    'edit-service',
    { service: { mark: 7 }, settings: { ...settings, clientAddress: 'proxy-v1' } },
  ],
  '-A -t 10.0.0.1:80 --proxy-protocol=v2': [
    'add-service',
    { service: tcp, settings: { ...settings, clientAddress: 'proxy-v2' } },
  ],
  '--add-laddr -z 10.0.0.9 -t 10.0.0.1:80': ['add-laddr', { service: tcp, address: '10.0.0.9' }],
  '--add-laddr --sctp-service 10.0.0.1:80 --local-address=web': [
    'add-laddr',
    { service: { ...tcp, protocol: 'sctp' }, address: '192.0.2.7' },
  ],
  '-P -z 10.0.0.9 -t 10.0.0.1:80': ['add-laddr', { service: tcp, address: '10.0.0.9' }],
  '-Pt 10.0.0.1:80 -z 10.0.0.9 -F dpdk0': ['add-laddr', { service: tcp, address: '10.0.0.9' }],
  '--add-laddr --laddr 10.0.0.9:80 -t 10.0.0.1:80 --ifname=dpdk1': ['add-laddr', { service: tcp, address: '10.0.0.9' }],
  '-Q -z 10.0.0.9 -t 10.0.0.1:80 -F dpdk0': ['del-laddr', { service: tcp, address: '10.0.0.9' }],
  '-Gt 10.0.0.1:80 -F dpdk0': ['get-laddr', { service: tcp, numeric: false, json: false }],
  '-G': ['get-laddr', { numeric: false, json: false }],
  '--del-laddr -f 7 -z10.9': ['del-laddr', { service: { mark: 7 }, address: '10.0.0.9' }],
  '--get-laddr': ['get-laddr', { numeric: false, json: false }],
  '--get-laddr --json': ['get-laddr', { numeric: false, json: true }],
  '--get-laddr -nt 10.0.0.1:80': ['get-laddr', { service: tcp, numeric: true, json: false }],
  '-d -r 10.0.0.2:80 -f 7': ['delete-server', { service: { mark: 7 }, destination: server }],
  '-d -r 10.0.0.2 -t 10.0.0.1:80': ['delete-server', { service: tcp, destination: { ...server, port: 0 } }],
  '-d -t 10.0.0.1:80 -r 10.0.0.2': ['delete-server', { service: tcp, destination: server }],
  '-Z': ['zero', {}],
  '--zero -t 10.0.0.1:80': ['zero', { service: tcp }],
  '-L': ['list', listing],
  '-l -n': ['list', { ...listing, numeric: true }],
  '-Lcn --exact --nosort': ['list', { ...listing, what: 'connections', numeric: true, sorted: false, exact: true }],
  '-L --rate --nosort': ['list', { ...listing, what: 'rate', sorted: false }],
  '--list --stats --exact --nosort --sort': ['list', { ...listing, what: 'stats', sorted: false, exact: true }],
  '-L --thresholds': ['list', { ...listing, what: 'thresholds' }],
  '-L --persistent-conn': ['list', { ...listing, what: 'persistent-conn', withEngine: true }],
  '-L --tun-info': ['list', { ...listing, what: 'tun-info' }],
  '-L --tun-info --persistent-conn': ['list', { ...listing, what: 'persistent-conn', withEngine: true }],
  '-L --tun-info --timeout': ['list', { ...listing, what: 'timeouts' }],
  '-L -c --persistent-conn': ['list', { ...listing, what: 'connections', withEngine: true }],
  '-L --timeout --nosort --exact -n': [
    'list',
    { ...listing, what: 'timeouts', numeric: true, sorted: false, exact: true },
  ],
  '--json': ['list', { ...listing, json: true }],
  '--json -c': ['list', { ...listing, what: 'connections', json: true }],
  '--json --get-laddr': ['get-laddr', { numeric: false, json: true }],
  '-Lc --json': ['list', { ...listing, what: 'connections', json: true }],
  '--watch': ['list', { ...listing, what: 'watched', numeric: true }],
  '--watch=0.5 -L': ['list', { ...listing, what: 'watched', numeric: true }],
  '--watch 3600 --stats': ['list', { ...listing, what: 'stats', numeric: true }],
  '-l -c --watch 0.1': ['list', { ...listing, what: 'connections', numeric: true }],
  '--watch -t 10.0.0.1:80': ['list', { ...listing, what: 'watched', numeric: true, service: tcp }],
  '-L -f 7': ['list', { ...listing, service: { mark: 7 } }],
  '--set 1 -- 2 3': ['set', { timeouts: { tcp: 1, tcpfin: 2, udp: 3 } }],
  '--set +8 010 2678400': ['set', { timeouts: { tcp: 8, tcpfin: 10, udp: 2678400 } }],
  '-Z -f 7': ['zero', { service: { mark: 7 } }],
  '-Ln -t 10.0.0.1:80': ['list', { ...listing, numeric: true, service: tcp }],
  '-h -L nonsense --nonsense': ['help', {}],
  '-v -h': ['version', {}],
}

const TRY = "Try `uvsadm -h' or 'uvsadm --help' for more information. = 255"

/** `start` with each of the values: `text` with the value for %s, and status 2. */
function wrongValues(start: string, text: string, values: string): Record<string, string> {
  return Object.fromEntries(
    values.split(' ').map(value => [`${start} ${value}`, `${text.replace('%s', value)} = 2`] as const),
  )
}

// each tried on ipvsadm 1.31, where it is not a recording's
const WRONG: Record<string, string> = {
  '-A -6 -f 8': '-6 used before -f\n = 2',
  '-A -t [2001:db8::1]:80 -M 129': 'illegal ipv6 netmask specified = 2',
  '-A -f 8 -6 -M 255.0.0.0': 'illegal ipv6 netmask specified = 2',
  '-L --daemon --stats': 'options conflicts in the list command = 2',
  '-L --daemon -t 10.0.0.1:80':
    "The option 'daemon' conflicts with the 'service-address' option in the 'list' command = 2",
  '--start-daemon both': 'illegal start-daemon parameter specified = 2',
  '--start-daemon': "Try `uvsadm -h' or 'uvsadm --help' for more information. = 255",
  '--start-daemon master --syncid 256': 'illegal syncid specified = 2',
  '--start-daemon master --sync-maxlen 65508': 'illegal sync-maxlen specified = 2',
  '--start-daemon master --mcast-port 0': 'illegal mcast-port specified = 2',
  '--start-daemon master --mcast-ttl 256': 'illegal mcast-ttl specified = 2',
  '--start-daemon master --mcast-group 10.0.0.1': "invalid IPv4 mcast-group `10.0.0.1' = 2",
  '--start-daemon master --mcast-group 2001::1': "invalid IPv6 mcast-group `2001::1' = 2",
  '--stop-daemon both': 'illegal start_daemon specified = 2',
  '--stop-daemon master --mcast-ttl 1': "Illegal 'mcast-ttl' option with the 'stop-daemon' command = 2",
  '-n': TRY,
  '-n -L': TRY,
  '-t 10.0.0.1:80 -A': TRY,
  foo: TRY,
  '--': TRY,
  '--usage': TRY,
  '--list=3': TRY,
  '-QLn': TRY,
  '-P': TRY,
  '-Q': TRY,
  '-F dpdk0 -G': TRY,
  '-A -t 10.0.0.1:80 -F dpdk0': '-F: unknown option = 255',
  '-A -t 10.0.0.1:80 -P': '-P: unknown option = 255',
  '-Ln -G': '-G: unknown option = 255',
  '--json=1': TRY,
  '--json foo': 'unexpected argument foo = 2',
  '--json -q': '-q: unknown option = 255',
  '--watch --watch': "multiple 'watch' options specified = 2",
  '--watch --set 1 2 3': "Illegal 'watch' option with the 'set' command = 2",
  '--json -L --watch': "The option 'watch' conflicts with the 'json' option in the 'list' command = 2",
  '--get-laddr --watch': "Illegal 'watch' option with the 'get-laddr' command = 2",
  ...Object.fromEntries(
    '0 0.09 3600.1 3601 7x -1 1e2 . 5. .5'
      .split(' ')
      .map(text => [`-L --watch=${text}`, `illegal watch interval \`${text}' specified, 0.1 to 3600 seconds = 2`]),
  ),
  '-LnQ': '-LnQ: unknown option = 255',
  '-L --nosuch=3': '--nosuch=3: unknown option = 255',
  '-A -t': '-t: missing argument = 255',
  '-A -t 10.0.0.1:80 --scheduler': '--scheduler: missing argument = 255',
  '-L --numeric=': '--numeric=: option does not take an argument = 255',
  '-L -L': "invalid option `-L' = 2",
  '-AD': "invalid option `-AD' = 2",
  '-A -t 10.0.0.1:80 -nL': "invalid option `-nL' = 2",
  '-L -h': "invalid option `-h' = 2",
  '-L -S': "invalid option `-S' = 2",
  'foo -L': 'unexpected argument foo = 2',
  '-L -- -n': 'unexpected argument -n = 2',
  '-A extra': 'unexpected argument extra = 2',
  '-L -n -n': "multiple 'numeric' options specified = 2",
  '-A -t 10.0.0.1:80 -u x': "multiple 'service-address' options specified = 2",
  '-a -t 10.0.0.1:80 -r 10.0.0.2 -g -i': "multiple 'forwarding-method' options specified = 2",
  '-A -t 10.0.0.300:80 -Q': 'illegal virtual server address[:port] specified = 2',
  '-A -Q -t 10.0.0.300:80': '-Q: unknown option = 255',
  '-A -r x': 'illegal real server address[:port] specified = 2',
  '-a -r 10.0.0.2:domain -m -u 10.0.0.1:53': 'illegal real server address[:port] specified = 2',
  '-e -t 10.0.0.1:80 -r 10.0.0.2 -w x -Q': 'illegal weight specified = 2',
  '-A -n -w 5 -r 10.0.0.1': "Illegal 'numeric' option with the 'add-service' command = 2",
  '-A -t 10.0.0.1:0 -w 5': "Illegal 'weight' option with the 'add-service' command = 2",
  '-A -t 10.0.0.1:80 --nosort': "Illegal 'nosort' option with the 'add-service' command = 2",
  '-d -t 10.0.0.1:80 -r 10.0.0.2 -w 1 -g': "Illegal 'forwarding-method' option with the 'delete-server' command = 2",
  '-C --exact --rate': "Illegal 'rate' option with the 'flush' command = 2",
  '-C --exact --stats': "Illegal 'stats' option with the 'flush' command = 2",
  '-d -n': "Illegal 'numeric' option with the 'delete-server' command = 2",
  '-E': "You need to supply the 'service-address' option for the 'edit-service' command = 2",
  '-E -t 10.0.0.1': 'Zero port specified for non-persistent service = 2',
  '-L -c -t 10.0.0.1:80 --stats':
    "The option 'service-address' conflicts with the 'connection' option in the 'list' command = 2",
  '-L -s rr -c -t 10.0.0.1:80':
    "The option 'service-address' conflicts with the 'connection' option in the 'list' command = 2",
  '-L -c --stats -s rr': "Illegal 'scheduler' option with the 'list' command = 2",
  '-L -c --rate': 'options conflicts in the list command = 2',
  '-L --timeout --rate': 'options conflicts in the list command = 2',
  '-L -c --stats': 'options conflicts in the list command = 2',
  ...wrongValues('-A -f', "invalid fwmark value `%s' specified", '0 0x9 -1 4294967296 18446744073709551615 7x 14/0xff'),
  "-A -f ''": "invalid fwmark value `' specified = 2",
  '-A -f': '-f: missing argument = 255',
  '-A -f 7 -f 8': "multiple 'service-address' options specified = 2",
  '-A --sctp-service 10.0.0.1:http': 'illegal virtual server address[:port] specified = 2',
  '-A --sctp-service 10.0.0.1': 'Zero port specified for non-persistent service = 2',
  ...wrongValues(
    '-A -t 10.0.0.1:80 -p',
    "invalid timeout value `%s' specified",
    '0 abc 300x 2678401 99999999999999999999',
  ),
  "-A -t 10.0.0.1:80 -p ''": "invalid timeout value `' specified = 2",
  '-A -t 10.0.0.1:80 -p=': "invalid timeout value `' specified = 2",
  '-A -t 10.0.0.1:80 --persistent=': "invalid timeout value `' specified = 2",
  '-A -t 10.0.0.1:80 -pp': "invalid timeout value `p' specified = 2",
  '-A -t 10.0.0.1:80 -p -5': '-5: unknown option = 255',
  '-A -t 10.0.0.1:80 -p -': 'unexpected argument - = 2',
  '-A -t 10.0.0.1:80 -p 300 301': 'unexpected argument 301 = 2',
  '-A -t 10.0.0.1:80 -p 300 -p 301': "multiple 'persistent' options specified = 2",
  '-A -t 10.0.0.1:80 -p abc -Q': "invalid timeout value `abc' specified = 2",
  ...wrongValues(
    '-A -p -M',
    'illegal virtual server persistent mask specified',
    '24x abc 255.255.255.256 ffff:: 4294967296 -1',
  ),
  "-A -M ''": 'illegal virtual server persistent mask specified = 2',
  '-A -M': '-M: missing argument = 255',
  '-A -M 255.0.0.0 -M 255.0.0.0': "multiple 'netmask' options specified = 2",
  '-A -t 10.0.0.1:80 -o': 'One-Packet Scheduling is only for UDP virtual services = 2',
  '-E --sctp-service 10.0.0.1:80 -o': 'One-Packet Scheduling is only for UDP virtual services = 2',
  '-A -t 10.0.0.1:0 -o': 'Zero port specified for non-persistent service = 2',
  '-A -u 10.0.0.1:1 -oo': "multiple 'ops' options specified = 2",
  '-A -b nosuch': "invalid scheduler flag `nosuch' = 2",
  '-A -t 10.0.0.1:0 -n -b flag-1,nosuch,sh-port': "invalid scheduler flag `nosuch' = 2",
  '-A -t 10.0.0.1:1 -b sh-port,nosuch': "incompatible scheduler flag `sh-port' = 2",
  '-A -t 10.0.0.1:1 -b sh-port -s mh': "incompatible scheduler flag `sh-port' = 2",
  '-A -t 10.0.0.1:1 -b mh-port -s nosuch': "incompatible scheduler flag `mh-port' = 2",
  '-A -t 10.0.0.1:1 -b flag-4': "invalid scheduler flag `flag-4' = 2",
  '-A -t 10.0.0.1:1 -b ,': "invalid scheduler flag `,' = 2", // where the real one crashes
  '-A -t 10.0.0.1:1 -b nosuch -Q': '-Q: unknown option = 255',
  '-A -t 10.0.0.1:1 -b nosuch extra': 'unexpected argument extra = 2',
  '-A -b': '-b: missing argument = 255',
  '-A -b flag-1 -b flag-2': "multiple 'sched-flags' options specified = 2",
  '-C -b sh-port -s sh': "Illegal 'scheduler' option with the 'flush' command = 2",
  ...wrongValues('-a -x', 'illegal u_threshold specified', '-1 abc 2147483648'),
  ...wrongValues('-e -y', 'illegal l_threshold specified', '-1 abc 2147483648'),
  "-a -x ''": 'illegal u_threshold specified = 2',
  '-a -x 1 -x 2': "multiple 'u-threshold' options specified = 2",
  '-a -y 1 -y 2': "multiple 'l-threshold' options specified = 2",
  '-L -x 1': "Illegal 'u-threshold' option with the 'list' command = 2",
  '-L -p': "Illegal 'persistent' option with the 'list' command = 2",
  '-L -c -o': "Illegal 'ops' option with the 'list' command = 2",
  '-A -t 10.0.0.1:80 -x 1': "Illegal 'u-threshold' option with the 'add-service' command = 2",
  '-a -f 7 -r 10.0.0.2 -m -p': "Illegal 'persistent' option with the 'add-server' command = 2",
  '-a -f 7 -r 10.0.0.2:tftp -m': 'illegal real server address[:port] specified = 2',
  '-a -r 10.0.0.2:http -f 7 -m': 'illegal real server address[:port] specified = 2',
  '-a -f 7 -r [2001:db8::1]:80 -m': 'Different address family is allowed only for tunneling servers = 2',
  '-a -t 10.0.0.1:80 -r 10.0.0.2 -b flag-1': 'unexpected argument flag-1 = 2',
  '-a -t 10.0.0.1:80 -r 10.0.0.2 -b=flag-1': '-b=flag-1: option does not take an argument = 255',
  '-Ln=1': '-Ln=1: option does not take an argument = 255',
  '-a -t 10.0.0.1:80 -r 10.0.0.2 -bm': "multiple 'forwarding-method' options specified = 2",
  '-a -t 10.0.0.1:80 -r 10.0.0.2 --sched-flags flag-1':
    "Illegal 'sched-flags' option with the 'add-server' command = 2",
  '-a -t 10.0.0.1:80 -r 10.0.0.2 -b --tun-csum': 'Tunnel options conflict with forward method = 2',
  '-a -t 10.0.0.1:80 -r [2001:db8::2]:80 -b': 'Different address family is allowed only for tunneling servers = 2',
  '-d -t 10.0.0.1:80 -r 10.0.0.2 -b': '-b: missing argument = 255',
  '-A -t 10.0.0.1:80 --fullnat': "Illegal 'forwarding-method' option with the 'add-service' command = 2",
  '--add-laddr -z 10.0.0.9': "You need to supply the 'service-address' option for the 'add-laddr' command = 2",
  '--add-laddr -t 10.0.0.1:80': "You need to supply the 'local-address' option for the 'add-laddr' command = 2",
  '--del-laddr -t 10.0.0.1:80': "You need to supply the 'local-address' option for the 'del-laddr' command = 2",
  '--del-laddr -t 10.0.0.1:80 -z 10.0.0.9 -w 1': "Illegal 'weight' option with the 'del-laddr' command = 2",
  '--get-laddr -z 10.0.0.9': "Illegal 'local-address' option with the 'get-laddr' command = 2",
  '-a -t 10.0.0.1:80 -r 10.0.0.2 -z 10.0.0.9': "Illegal 'local-address' option with the 'add-server' command = 2",
  '--add-laddr -z': '-z: missing argument = 255',
  '--add-laddr -z 1 -z 2': "multiple 'local-address' options specified = 2",
  ...wrongValues('--add-laddr -z', 'illegal local address specified', '10.0.0.300 nosuch 10.0.0.1:80:80 10.0.0.1:'),
  ...wrongValues('-A --proxy-protocol', "invalid PROXY protocol `%s', neither v1 nor v2", 'v3 1 V1'),
  '-A -t 10.0.0.1:80 --toa --proxy-protocol v1':
    "The option 'proxy-protocol' conflicts with the 'toa' option in the 'add-service' command = 2",
  '-E -t 10.0.0.1:80 --proxy-protocol v1 --toa':
    "The option 'proxy-protocol' conflicts with the 'toa' option in the 'edit-service' command = 2",
  '-A -u 10.0.0.1:80 --toa': 'TOA and the PROXY protocol are only for TCP virtual services = 2',
  '-E --sctp-service 10.0.0.1:80 --proxy-protocol v2':
    'TOA and the PROXY protocol are only for TCP virtual services = 2',
  '-a -t 10.0.0.1:80 -r 10.0.0.2 -b --toa': "Illegal 'toa' option with the 'add-server' command = 2",
  "-a -i --tun-type ''": 'illegal tunnel type specified = 2',
  '-a -i --tun-type': '--tun-type: missing argument = 255',
  '-a -i --tun-port=': 'illegal tunnel port specified = 2',
  '-a -i --tun-port': '--tun-port: missing argument = 255',
  '-a -i --tun-csum=3': '--tun-csum=3: option does not take an argument = 255',
  ...wrongValues('-a -i --tun-type', 'illegal tunnel type specified', 'IPIP ipi'),
  ...wrongValues('-a -i --tun-port', 'illegal tunnel port specified', '0 65536 x -1'),
  '--set': '--set option requires 3 timeout values = 2',
  '--set 1 2': '--set option requires 3 timeout values = 2',
  '--set a 2 -n': '--set option requires 3 timeout values = 2',
  '--set 1 2 3 4 -n': 'unexpected argument 4 = 2',
  '--set a b c d': "invalid timeout value `a' specified = 2",
  '--set 1 2678401 1 -n': "invalid timeout value `2678401' specified = 2",
  '--set 1 2 c': "invalid timeout value `c' specified = 2",
  '--set 7x 8 9': "invalid timeout value `7x' specified = 2",
  "--set '' 8 9": "invalid timeout value `' specified = 2",
  '--set 1 2 -3': '-3: unknown option = 255',
  '--set a 2 3 -Q': '-Q: unknown option = 255',
  '--set 1 -n 2 3': "Illegal 'numeric' option with the 'set' command = 2",
  '--set 2 2 2 --weight 3': "Illegal 'weight' option with the 'set' command = 2",
  '--set 7 8 9 --set 1 2 3': "invalid option `--set' = 2",
  '--set 1 2 3 -f 0': "invalid fwmark value `0' specified = 2",
  '--set=1 2 3': TRY,
  '-n --set 1 2 3': TRY,
  '-L --timeout -c': "The option 'timeout' conflicts with the 'connection' option in the 'list' command = 2",
  '-L -t 10.0.0.1:80 --timeout':
    "The option 'timeout' conflicts with the 'service-address' option in the 'list' command = 2",
  '-L -c --persistent-conn --thresholds --stats --timeout -f 7':
    "The option 'service-address' conflicts with the 'connection' option in the 'list' command = 2",
  '-L --timeout --stats': 'options conflicts in the list command = 2',
  '-L --timeout --thresholds': 'options conflicts in the list command = 2',
  '-L --timeout --persistent-conn': 'options conflicts in the list command = 2',
  '-L -c --thresholds': 'options conflicts in the list command = 2',
  '-L -c --persistent-conn --stats': 'options conflicts in the list command = 2',
  '-L --rate --rate': "multiple 'rate' options specified = 2",
  '-S --rate': "Illegal 'rate' option with the 'save' command = 2",
  '-L --rat': '--rat: unknown option = 255',
  '-L --timeout --timeout': "multiple 'timeout' options specified = 2",
  '-L --timeout=3': '--timeout=3: option does not take an argument = 255',
  '-a -u 10.0.0.1:53 -r [2001:db8::1]:80': 'Different address family is allowed only for tunneling servers = 2',
}

t.test('a right command line is understood', async t => {
  for (const [line, wanted] of Object.entries(RIGHT)) t.strictSame(await parse(line), wanted, line)
})

t.test('a wrong command line gives the complaint and the status of ipvsadm', async t => {
  for (const [line, wanted] of Object.entries(WRONG)) t.equal(await parse(line), wanted, line)
})

t.test('of two options out of place ipvsadm names the one that comes first in its own order', async t => {
  const order =
    '-n,-c,-t 10.0.0.1:1,-s rr,-p,-M 255.0.0.0,-r 10.0.0.2,-m,-w 1,-x 1,-y 1,--mcast-interface a,--timeout,--daemon,' +
    '--stats,--rate,--thresholds,--persistent-conn,--nosort,--syncid 1,--exact,-o,--pe sip,-b flag-1,--mcast-group 224.0.0.1,' +
    '--mcast-port 1,--mcast-ttl 1,--sync-maxlen 1,--tun-info,--tun-type ipip,--tun-port 5,--tun-nocsum,--tun-csum,' +
    '--tun-remcsum,-z 10.0.0.9,--toa,--proxy-protocol v1,--json,--watch 9'
  const options = order.split(',')
  t.equal(options.length, OPTION_ORDER.length)
  for (const [at, name] of OPTION_ORDER.entries()) {
    const line = `-C ${options.slice(at).reverse().join(' ')}`
    t.equal(await parse(line), `Illegal '${name}' option with the 'flush' command = 2`, line)
  }
})

t.test('parse before checkOptions is a mistake of the caller', async t => {
  for (const command of commands.filter(command => command.needs.length > 0 && command.name.startsWith('delete')))
    t.throws(() => command.parse({}), RangeError, command.name)
})
