import t from 'tap'
import { lab } from '../../../../src/cli/uvs/lab/lab.js'
import { labRequest } from '../../../../src/cli/uvs/lab/lab-options.js'
import { readOptions } from '../../../../src/cli/uvs/options/read-options.js'
import { UsageError } from '../../../../src/director/options.js'

const parse = (args: string[]): ReturnType<typeof labRequest> => labRequest(readOptions(lab, args))

t.test('what is asked for', async t => {
  const cases: [string, object][] = [
    ['nat', { do: 'demo', mode: 'nat' }],
    ['nat --io tap', { do: 'demo', mode: 'nat', io: 'tap' }],
    ['nat --io=sim --json=a=b.json', { do: 'demo', mode: 'nat', io: 'sim', json: 'a=b.json' }],
    ['dr --json f --io raw', { do: 'demo', mode: 'dr', io: 'raw', json: 'f' }],
    ['tun', { do: 'demo', mode: 'tun' }],
    ['fullnat --io tap', { do: 'demo', mode: 'fullnat', io: 'tap' }],
    ['beside', { do: 'beside' }],
    ['beside --json f', { do: 'beside', json: 'f' }],
    ['ha', { do: 'ha', peer: 'uvs' }],
    ['ha --peer keepalived --json f', { do: 'ha', peer: 'keepalived', json: 'f' }],
    ['all', { do: 'all', io: 'raw' }],
    ['all --json f --io tap', { do: 'all', io: 'tap', json: 'f' }],
    ['up', { do: 'up', mode: 'nat', io: 'raw' }],
    ['up beside', { do: 'up', mode: 'beside', io: 'raw' }],
    ['fleet', { do: 'fleet', isShort: false }],
    ['fleet --short --json f', { do: 'fleet', isShort: true, json: 'f' }],
    ['up fleet', { do: 'up', mode: 'fleet' }],
    ['up ha', { do: 'up', mode: 'ha', peer: 'uvs' }],
    ['up ha --peer keepalived', { do: 'up', mode: 'ha', peer: 'keepalived' }],
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
  for (const [line, request] of cases) t.strictSame(parse(line.split(' ')), request, line)
})

t.test('what cannot be is refused in one line that says what may be', async t => {
  const cases: [string[], string][] = [
    [[], 'what to do: nat|dr|tun|fullnat, beside, ha, fleet, all, up, exec, down (uvs lab --help)'],
    [['route'], "'route': nat|dr|tun|fullnat, beside, ha, fleet, all, up, exec, down (uvs lab --help)"],
    [['all', '--io', 'sim'], "--io 'sim': it may be raw, tap"],
    [['up', 'all'], "'all': it may be nat, dr, tun, fullnat, beside, ha, fleet (uvs lab --help)"],
    [['up', 'dr', 'tun'], "'tun': unexpected word (uvs lab --help)"],
    [['nat', '--io'], '--io needs a value: --io raw|tap|sim'],
    [['nat', '--io='], '--io needs a value: --io raw|tap|sim'],
    [['nat', '--io', 'pcap'], "--io 'pcap': it may be raw, tap, sim"],
    [['nat', '--json'], '--json needs a value: --json FILE'],
    [['nat', '--fast', '1'], '--fast: there is no such option; those there are: --io, --json (uvs lab --help)'],
    [['nat', 'raw'], "'raw': unexpected word (uvs lab --help)"],
    [['up', 'beside', '--io', 'tap'], 'up beside: --io raw only'],
    [['up', 'fleet', '--io', 'tap'], 'up fleet: --io raw only'],
    [['up', 'fleet', '--peer', 'uvs'], 'up fleet: --peer is for ha only'],
    [['up', 'ha', '--io', 'tap'], 'up ha: --io raw only'],
    [['up', 'dr', '--peer', 'uvs'], 'up dr: --peer is for ha only'],
    [['ha', '--peer', 'frr'], "--peer 'frr': it may be uvs, keepalived"],
    [['beside', '--io', 'raw'], '--io: there is no such option; those there are: --json (uvs lab --help)'],
    [['up', '--io', 'sim'], "--io 'sim': it may be raw, tap"],
    [['up', '--json', 'f'], '--json: there is no such option; those there are: --io, --peer (uvs lab --help)'],
    [['exec', 'client'], 'COMMAND is missing: uvs lab exec NAMESPACE COMMAND…'],
    [['down', 'nat'], "'nat': unexpected word (uvs lab --help)"],
  ]
  for (const [args, message] of cases) {
    const error = errorOf(args)
    t.ok(error instanceof UsageError, args.join(' '))
    t.equal(error?.message, message)
  }
})

function errorOf(args: string[]): Error | undefined {
  try {
    parse(args)
    return undefined
  } catch (error) {
    return error as Error
  }
}
