import t from 'tap'
import { LabUsageError, parseLab } from '../../netns-lab/lab-request.js'

t.test('what is asked for', async t => {
  const cases: [string, object][] = [
    ['nat', { do: 'demo', mode: 'nat' }],
    ['nat --io tap', { do: 'demo', mode: 'nat', io: 'tap' }],
    ['nat --io=sim --json=a=b.json', { do: 'demo', mode: 'nat', io: 'sim', json: 'a=b.json' }],
    ['dr --json f --io raw', { do: 'demo', mode: 'dr', io: 'raw', json: 'f' }],
    ['tun', { do: 'demo', mode: 'tun' }],
    ['fullnat --io tap', { do: 'demo', mode: 'fullnat', io: 'tap' }],
    ['all', { do: 'all', io: 'raw' }],
    ['all --json f --io tap', { do: 'all', io: 'tap', json: 'f' }],
    ['up', { do: 'up', mode: 'nat', io: 'raw' }],
    ['up --io tap', { do: 'up', mode: 'nat', io: 'tap' }],
    ['up dr', { do: 'up', mode: 'dr', io: 'raw' }],
    ['up fullnat --io tap', { do: 'up', mode: 'fullnat', io: 'tap' }],
    [
      'exec client curl -s http://192.168.10.100/',
      { do: 'exec', space: 'client', command: ['curl', '-s', 'http://192.168.10.100/'] },
    ],
    ['exec rs1 ip -n x', { do: 'exec', space: 'rs1', command: ['ip', '-n', 'x'] }],
    ['down', { do: 'down' }],
  ]
  for (const [line, request] of cases) t.strictSame(parseLab(line.split(' ')), request, line)
})

t.test('what cannot be is refused in one line that says what may be', async t => {
  const cases: [string[], RegExp][] = [
    [[], /^the modes are nat, dr, tun, fullnat, all, up, exec and down$/],
    [['route'], /^'route': the modes are/],
    [['all', '--io', 'sim'], /^all takes --io raw or --io tap, and --json$/],
    [['up', 'all'], /^up 'all': the modes are nat, dr, tun, fullnat$/],
    [['up', 'dr', 'tun'], /^'tun': the options are/],
    [['nat', '--io'], /^--io needs a value$/],
    [['nat', '--io='], /^--io needs a value$/],
    [['nat', '--io', 'pcap'], /^--io 'pcap': it may be raw, tap, sim$/],
    [['nat', '--json'], /^--json needs a value$/],
    [['nat', '--fast', '1'], /^'--fast': the options are --io and --json$/],
    [['nat', 'raw'], /^'raw': the options are/],
    [['up', '--io', 'sim'], /^up takes --io raw or --io tap only$/],
    [['up', '--json', 'f'], /^up takes/],
    [['exec', 'client'], /^exec needs a namespace and a command$/],
    [['down', 'nat'], /^down takes no arguments, not 'nat'$/],
  ]
  for (const [args, message] of cases) {
    const error = errorOf(args)
    t.ok(error instanceof LabUsageError, args.join(' '))
    t.match(error?.message, message)
    t.notMatch(error?.message, /\n/)
  }
})

function errorOf(args: string[]): Error | undefined {
  try {
    parseLab(args)
    return undefined
  } catch (error) {
    return error as Error
  }
}
