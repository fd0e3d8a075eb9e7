import t from 'tap'
import { LabUsageError, parseLab } from '../../netns-lab/lab-request.js'

t.test('what is asked for', async t => {
  const cases: [string, object][] = [
    ['nat', { do: 'demo' }],
    ['nat --io tap', { do: 'demo', io: 'tap' }],
    ['nat --io=sim --json=a=b.json', { do: 'demo', io: 'sim', json: 'a=b.json' }],
    ['nat --json f --io raw', { do: 'demo', io: 'raw', json: 'f' }],
    ['up', { do: 'up', io: 'raw' }],
    ['up nat --io tap', { do: 'up', io: 'tap' }],
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
    [[], /^the modes are nat, up, exec and down$/],
    [['dr'], /^'dr': the modes are/],
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
