import t from 'tap'
import { readOptions } from '../../../../src/cli/uvs/options/read-options.js'
import { realserver } from '../../../../src/cli/uvs/realserver/realserver.js'
import { realServerCommand } from '../../../../src/cli/uvs/realserver/realserver-options.js'
import { UsageError } from '../../../../src/director/options.js'

const parse = (line: string): ReturnType<typeof realServerCommand> =>
  realServerCommand(readOptions(realserver, line.split(' ').filter(Boolean)))

const OF_START = '--vip, --tun, --interface, --gue-port, --userspace, --decap, --foreground (uvs realserver --help)'

t.test('the least that must be said, and what holds then', async t => {
  t.strictSame(parse('start --vip 192.168.159.100'), {
    do: 'start',
    vips: ['192.168.159.100'],
    tunnel: false,
    userspace: false,
    foreground: false,
    interfaces: [],
    guePort: undefined,
    decap: undefined,
  })
  t.strictSame(parse('stop'), { do: 'stop', vips: undefined })
  t.strictSame(parse('status'), { do: 'status', json: false })
  t.strictSame(parse('status --json'), { do: 'status', json: true })
})

t.test('all that may be said; what is said twice counts once', async t => {
  const line =
    'start --vip=192.0.2.1/32 --vip 192.0.2.2 --vip 192.0.2.1 --tun --interface eth0,eth1 --interface=eth1 --gue-port 0 --userspace --decap=device --foreground'
  t.strictSame(parse(line), {
    do: 'start',
    vips: ['192.0.2.1', '192.0.2.2'],
    tunnel: true,
    userspace: true,
    foreground: true,
    interfaces: ['eth0', 'eth1'],
    guePort: 0,
    decap: 'device',
  })
  t.strictSame(parse('stop --vip 192.0.2.1 --vip 192.0.2.1/32'), { do: 'stop', vips: ['192.0.2.1'] })
})

t.test("GUE is not for the kernel's ipip", async t => {
  t.match(parse('start --vip 192.0.2.1 --tun --gue-port 7000'), { userspace: true, guePort: 7000 })
})

t.test("a program, or none, is not for the kernel's ipip either; where it can be had is", async t => {
  for (const decap of ['program', 'device'])
    t.match(parse(`start --vip 192.0.2.1 --tun --decap ${decap}`), { userspace: true, decap })
  t.match(parse('start --vip 192.0.2.1 --tun --decap auto'), { userspace: false, decap: 'auto' })
})

t.test('what cannot be meant is told in a line that names the word', async t => {
  const cases: [string, string][] = [
    ['', 'what to do: start, stop, status (uvs realserver --help)'],
    ['restart', "'restart': start, stop, status (uvs realserver --help)"],
    ['toString', "'toString': start, stop, status (uvs realserver --help)"],
    ['start', '--vip VIP[/32] is missing: uvs realserver start --vip VIP[/32]… [options]'],
    ['start --tun', '--vip VIP[/32] is missing: uvs realserver start --vip VIP[/32]… [options]'],
    ['start --vip', '--vip needs a value: --vip VIP[/32]'],
    ['start --vip --tun', '--vip needs a value: --vip VIP[/32]'],
    ['start --vip 10.0.0', "--vip: '10.0.0' is not an IPv4 address, such as 192.168.159.100"],
    ['start --vip ::1', "--vip: '::1' is not an IPv4 address, such as 192.168.159.100"],
    ['start --vip 10.0.0.1/24', "--vip: '10.0.0.1/24': one address, /32 or nothing"],
    ...['0.0.0.0', '127.0.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255'].map((vip): [string, string] => [
      `start --vip ${vip}`,
      `--vip: '${vip}': no virtual service may have that address`,
    ]),
    ['start 10.0.0.1', "'10.0.0.1': unexpected word (uvs realserver --help)"],
    ['start --vip 10.0.0.1 --tunnel', '--tunnel: there is no such option; those there are: ' + OF_START],
    ['start --vip 10.0.0.1 -t', '-t: there is no such option; those there are: ' + OF_START],
    ['start --vip 10.0.0.1 --tun=yes', '--tun takes no value'],
    ['start --vip 10.0.0.1 --tun --tun', '--tun is given twice'],
    ['start --vip 10.0.0.1 --userspace', '--userspace goes with --tun'],
    ['start --vip 10.0.0.1 --gue-port 1', '--gue-port goes with --tun'],
    ['start --vip 10.0.0.1 --tun --gue-port 65536', "--gue-port: '65536' is not a whole number from 0 to 65535"],
    ['start --vip 10.0.0.1 --tun --gue-port x', "--gue-port: 'x' is not a whole number from 0 to 65535"],
    ['start --vip 10.0.0.1 --interface eth0,', "--interface: '' cannot be an interface's name"],
    [
      'start --vip 10.0.0.1 --interface averyverylongname',
      "--interface: 'averyverylongname' cannot be an interface's name",
    ],
    ['stop --tun', '--tun: there is no such option; those there are: --vip (uvs realserver --help)'],
    ['status --vip 10.0.0.1', '--vip: there is no such option; those there are: --json (uvs realserver --help)'],
  ]
  for (const [line, message] of cases) {
    t.throws(() => parse(line), new UsageError(message), line)
  }
})
