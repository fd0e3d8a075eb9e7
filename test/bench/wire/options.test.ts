import t from 'tap'
import { parseBench } from '../../../bench/wire/options.js'

const runners = ['no-balancer', 'nftables', 'uvs-raw-nat']
const measures = ['wrk', 'ab']
const parse = (...args: string[]) => parseBench(args, runners, measures)

t.test('without options: five rounds of everything', async t => {
  t.strictSame(parse(), { rounds: 5, only: runners, measure: measures, services: 2 })
})

t.test('what is chosen keeps its order', async t => {
  t.strictSame(parse('--only', 'uvs-raw-nat,no-balancer', '--measure', 'ab', '--rounds', '12'), {
    rounds: 12,
    only: ['no-balancer', 'uvs-raw-nat'],
    measure: ['ab'],
    services: 2,
  })
  t.match(parse('--rate', '40000', '--svg', 'docs'), { rate: 40_000, svg: 'docs' })
  t.match(parse('--services', '10000'), { services: 10_000 })
  t.match(parse('--json', 'a.json', '--markdown', 'a.md'), { json: 'a.json', markdown: 'a.md' })
})

t.test('what is bad is refused in one line that says what is allowed', async t => {
  const options =
    'the options are --rounds N, --only NAME,…, --measure NAME,…, --rate N, --services N, --json FILE, --markdown FILE and --svg DIR'
  const cases: [string[], string][] = [
    [['--only', 'uvs'], "--only: 'uvs' is not one of no-balancer, nftables, uvs-raw-nat"],
    [['--only', 'nftables,'], "--only: '' is not one of no-balancer, nftables, uvs-raw-nat"],
    [['--measure', 'wrk,udp'], "--measure: 'udp' is not one of wrk, ab"],
    [['--rounds', '0'], "--rounds: '0' is not one of 1 to 99"],
    [['--rounds', '100'], "--rounds: '100' is not one of 1 to 99"],
    [['--rate', '1e5'], "--rate: '1e5' is not one of 1 to 9999999 requests a second"],
    [['--services', '1'], "--services: '1' is not one of 2 to 40000"],
    [['--services', '40001'], "--services: '40001' is not one of 2 to 40000"],
    [['--services', '1e3'], "--services: '1e3' is not one of 2 to 40000"],
    [['--rounds'], `--rounds: a value is missing: ${options}`],
    [['--fast', '1'], `'--fast': ${options}`],
    [['wrk'], `'wrk': ${options}`],
  ]
  for (const [args, message] of cases) t.throws(() => parse(...args), { message }, args.join(' '))
})
