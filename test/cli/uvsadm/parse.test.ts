import t from 'tap'
import { checkOptions } from '../../../src/cli/uvsadm/command.js'
import { commands } from '../../../src/cli/uvsadm/commands.js'
import { readArguments } from '../../../src/cli/uvsadm/read-arguments.js'
import { fakeNames } from '../../support/names.js'

/** The command's name and what it would do, or what is wrong and the exit status. No director far and wide. */
async function parse(line: string): Promise<unknown> {
  try {
    const argv = line.split(' ').map(word => word.replace(/^''$/, ''))
    const { command, options } = await readArguments(argv, commands, fakeNames({ '192.0.2.7': 'web' }))
    checkOptions(command, options)
    return [command.name, command.parse(options)]
  } catch (error) {
    return error instanceof Error && 'status' in error ? `${error.message} = ${String(error.status)}` : error
  }
}

const tcp = { protocol: 'tcp', address: '10.0.0.1', port: 80 }
const server = { address: '10.0.0.2', port: 80 }
const listing = { what: 'services', numeric: false, sorted: true, exact: false }

const RIGHT: Record<string, [string, unknown]> = {
  '-A -t 10.0.0.1:80 -s rr': ['add-service', { service: tcp, settings: { scheduler: 'rr' } }],
  '--add-service --tcp-service=10.0.0.1:80': ['add-service', { service: tcp, settings: { scheduler: 'wlc' } }],
  '-At10.0.0.1:http -srr': ['add-service', { service: tcp, settings: { scheduler: 'rr' } }],
  "-A -t 10.0.0.1:80 -s ''": ['add-service', { service: tcp, settings: { scheduler: 'wlc' } }],
  '-A -u web:53 --sort --sort': [
    'add-service',
    { service: { protocol: 'udp', address: '192.0.2.7', port: 53 }, settings: { scheduler: 'wlc' } },
  ],
  '-E -t 10.0.0.1:80': ['edit-service', { service: tcp, settings: { scheduler: 'wlc' } }],
  '-D -t 10.0.0.1:80': ['delete-service', { service: tcp }],
  '-D -t 10.0.0.1': ['delete-service', { service: { ...tcp, port: 0 } }],
  '-C': ['flush', {}],
  '-a -t 10.0.0.1:80 -r 10.0.0.2 -m': [
    'add-server',
    { service: tcp, destination: server, settings: { method: 'masq', weight: 1 } },
  ],
  '-a -t 10.0.0.1:80 -r 10.0.0.2:0 -mw 0': [
    'add-server',
    { service: tcp, destination: { ...server, port: 0 }, settings: { method: 'masq', weight: 0 } },
  ],
  '-e -t 10.0.0.1:80 -r 10.0.0.2:http --masquerading --weight 2147483647': [
    'edit-server',
    { service: tcp, destination: server, settings: { method: 'masq', weight: 2147483647 } },
  ],
  '-d -r 10.0.0.2 -t 10.0.0.1:80': ['delete-server', { service: tcp, destination: { ...server, port: 0 } }],
  '-d -t 10.0.0.1:80 -r 10.0.0.2': ['delete-server', { service: tcp, destination: server }],
  '-Z': ['zero', {}],
  '--zero -t 10.0.0.1:80': ['zero', { service: tcp }],
  '-L': ['list', listing],
  '-l -n': ['list', { ...listing, numeric: true }],
  '-Lcn --exact --nosort': ['list', { what: 'connections', numeric: true, sorted: false, exact: true }],
  '--list --stats --exact --nosort --sort': ['list', { what: 'stats', numeric: false, sorted: false, exact: true }],
  '-Ln -t 10.0.0.1:80': ['list', { ...listing, numeric: true, service: tcp }],
  '-h -L nonsense --nonsense': ['help', {}],
  '-v -h': ['version', {}],
}

const TRY = "Try `ipvsadm -h' or 'ipvsadm --help' for more information. = 255"

// each tried on ipvsadm 1.31, where it is not a recording's
const WRONG: Record<string, string> = {
  '-n': TRY,
  '-n -L': TRY,
  '-t 10.0.0.1:80 -A': TRY,
  foo: TRY,
  '--': TRY,
  '--usage': TRY,
  '--list=3': TRY,
  '-QLn': TRY,
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
  '-C --exact --stats': "Illegal 'stats' option with the 'flush' command = 2",
  '-d -n': "Illegal 'numeric' option with the 'delete-server' command = 2",
  '-E': "You need to supply the 'service-address' option for the 'edit-service' command = 2",
  '-E -t 10.0.0.1': 'Zero port specified for non-persistent service = 2',
  '-L -c -t 10.0.0.1:80 --stats':
    "The option 'service-address' conflicts with the 'connection' option in the 'list' command = 2",
  '-L -s rr -c -t 10.0.0.1:80':
    "The option 'service-address' conflicts with the 'connection' option in the 'list' command = 2",
  '-L -c --stats -s rr': "Illegal 'scheduler' option with the 'list' command = 2",
  '-L -c --stats': 'options conflicts in the list command = 2',
  '-a -u 10.0.0.1:53 -r [2001:db8::1]:80': 'Different address family is allowed only for tunneling servers = 2',
}

const NOT_YET: Record<string, string> = {
  '-a -t 10.0.0.1:80 -r 10.0.0.2 -g': '-g (direct routing) is not there yet in uvs: say -m (masquerading) = 2',
  '-e -t 10.0.0.1:80 -r 10.0.0.2 --ipip': '-i (tunneling) is not there yet in uvs: say -m (masquerading) = 2',
  '-a -t 10.0.0.1:80 -r 10.0.0.2':
    "-g (direct routing), ipvsadm's default, is not there yet in uvs: say -m (masquerading) = 2",
  '-A -t [2001:db8::1]:80': 'IPv6 (2001:db8::1) is not there yet in uvs = 2',
  '-A -t 10.0.0.1:80 -p': '-p is not there yet in uvs = 2',
  '-A --sctp-service 10.0.0.1:80': '--sctp-service is not there yet in uvs = 2',
  '-Sn': '-S is not there yet in uvs = 2',
  '--set 1 2 3': '--set is not there yet in uvs = 2',
  '-L --rate': '--rate is not there yet in uvs = 2',
}

t.test('a right command line is understood', async t => {
  for (const [line, wanted] of Object.entries(RIGHT)) t.strictSame(await parse(line), wanted, line)
})

t.test('a wrong command line gives the complaint and the status of ipvsadm', async t => {
  for (const [line, wanted] of Object.entries(WRONG)) t.equal(await parse(line), wanted, line)
})

t.test('what uvs lacks is named', async t => {
  for (const [line, wanted] of Object.entries(NOT_YET)) t.equal(await parse(line), wanted, line)
})

t.test('parse before checkOptions is a mistake of the caller', async t => {
  for (const command of commands.filter(command => command.needs.length > 0 && command.name.startsWith('delete')))
    t.throws(() => command.parse({}), RangeError, command.name)
})
