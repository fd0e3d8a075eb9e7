import t from 'tap'
import { type DrainOptions, parseDrain } from '../../../../src/cli/uvs/drain/drain-options.js'

const options = (more: Partial<DrainOptions>): DrainOptions => ({
  service: { protocol: 'tcp', text: '10.0.0.1:80' },
  realServer: '10.0.0.2',
  deadlineS: 60,
  afterwards: 'keep',
  json: false,
  control: undefined,
  ...more,
})

t.test('what can be meant', t => {
  const known: [text: string, meant: Partial<DrainOptions>][] = [
    ['-t 10.0.0.1:80 -r 10.0.0.2', {}],
    ['-t 10.0.0.1:80 10.0.0.2 --control /x', { control: '/x' }],
    ['--real-server=10.0.0.2 --tcp-service=10.0.0.1:80', {}],
    ['-t 10.0.0.1:80 10.0.0.2', {}],
    ['10.0.0.1:80 10.0.0.2', { service: { protocol: undefined, text: '10.0.0.1:80' } }],
    ['-r 10.0.0.2 10.0.0.1:80', { service: { protocol: undefined, text: '10.0.0.1:80' } }],
    ['-u 10.0.0.1:80 10.0.0.2', { service: { protocol: 'udp', text: '10.0.0.1:80' } }],
    ['--sctp-service 10.0.0.1:80 10.0.0.2', { service: { protocol: 'sctp', text: '10.0.0.1:80' } }],
    ['-f 7 10.0.0.2', { service: { mark: '7' } }],
    ['-f 7 -6 10.0.0.2', { service: { mark: '7', family: 6 } }],
    [
      '-t 10.0.0.1:80 10.0.0.2 --deadline 1h30m --then reset --json',
      { deadlineS: 5400, afterwards: 'reset', json: true },
    ],
    ['--deadline=0 -t 10.0.0.1:80 --then=keep 10.0.0.2', { deadlineS: 0 }],
  ]
  for (const [text, meant] of known) t.strictSame(parseDrain(text.split(' ')), options(meant), text)
  t.end()
})

t.test('what cannot: the word that is wrong, and what may be', t => {
  const known: [text: string, message: string | RegExp][] = [
    ['', 'which service? -t VIP:PORT, -u, --sctp-service or -f MARK'],
    ['-t 10.0.0.1:80', 'which real server? -r RIP[:PORT] after the service'],
    ['10.0.0.1:80', 'which real server? -r RIP[:PORT] after the service'],
    ['-t 10.0.0.1:80 -u 10.0.0.1:80 10.0.0.2', '-t and -u: one service at a time'],
    ['-t 10.0.0.1:80 10.0.0.2 10.0.0.3', "'10.0.0.3': unexpected word (uvs drain --help)"],
    ['-t 10.0.0.1:80 10.0.0.2 --deadline', '--deadline needs a value: --deadline TIME'],
    [
      '-t 10.0.0.1:80 10.0.0.2 --deadline 5x',
      "--deadline: '5x' is no time: 90, 60s, 5m, 1h30m, at most 31 days (744h)",
    ],
    ['-t 10.0.0.1:80 -6 10.0.0.2', '-6 is for -f MARK'],
    ['-t 10.0.0.1:80 10.0.0.2 --then stop', "--then 'stop': it may be keep, reset"],
    ['-t 10.0.0.1:80 10.0.0.2 --json=yes', '--json takes no value'],
    ['-t 10.0.0.1:80 -t 10.0.0.1:81 10.0.0.2', '-t is given twice'],
    ['-t 10.0.0.1:80 10.0.0.2 -w 3', /^-w: there is no such option/],
    ['-t 10.0.0.1:80 10.0.0.2 --toString', /^--toString: there is no such option/],
  ]
  for (const [text, message] of known) t.throws(() => parseDrain(text.split(' ').filter(Boolean)), { message }, text)
  t.end()
})
