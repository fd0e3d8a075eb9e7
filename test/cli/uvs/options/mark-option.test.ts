import t from 'tap'
import { parseMark, readMarkRule } from '../../../../src/cli/uvs/options/mark-option.js'
import { UsageError } from '../../../../src/director/options.js'

t.test('a rule is read', async t => {
  const cases: [string, object][] = [
    [
      'tcp 192.0.2.0/24:80,443=1',
      {
        protocol: 'tcp',
        to: '192.0.2.0/24',
        ports: [
          { first: 80, last: 80 },
          { first: 443, last: 443 },
        ],
        mark: 1,
      },
    ],
    [
      'udp 10.0.0.1:1000-2000=4294967295',
      { protocol: 'udp', to: '10.0.0.1', ports: [{ first: 1000, last: 2000 }], mark: 4294967295 },
    ],
    ['sctp 0.0.0.0/0=0x1f', { protocol: 'sctp', to: '0.0.0.0/0', ports: [], mark: 31 }],
    [' tcp  10.0.0.1:0-65535=0 ', { protocol: 'tcp', to: '10.0.0.1', ports: [{ first: 0, last: 65535 }], mark: 0 }],
  ]
  for (const [text, rule] of cases) t.strictSame(parseMark(text), rule, text)
})

t.test('what is wrong is named on one line, with what is allowed', async t => {
  const form = "is not PROTO CIDR:PORTS=N, such as 'tcp 192.0.2.0/24:80,443=1'"
  const cases: [string, string][] = [
    ['', `--mark: '' ${form}`],
    ['tcp', `--mark: 'tcp' ${form}`],
    ['10.0.0.1:80=1', `--mark: '10.0.0.1:80=1' ${form}`],
    ['tcp 10.0.0.1:80', `--mark: 'tcp 10.0.0.1:80' ${form}`],
    ['tcp 10.0.0.1:80 =1', `--mark: 'tcp 10.0.0.1:80 =1' ${form}`],
    ['tcp 10.0.0.1:80=1=2', "'1=2' is not a mark of 0 to 4294967295"],
    ['icmp 10.0.0.1=1', "'icmp' is not tcp, udp or sctp"],
    ['TCP 10.0.0.1=1', "'TCP' is not tcp, udp or sctp"],
    ['tcp 10.0.0.300:80=1', "'10.0.0.300' is neither an IPv4 address nor ADDRESS/PREFIX"],
    ['tcp 10.0.0.0/33:80=1', "'10.0.0.0/33' is neither an IPv4 address nor ADDRESS/PREFIX"],
    ['tcp :80=1', "'' is neither an IPv4 address nor ADDRESS/PREFIX"],
    ...['65536', '', 'http', '80-', '-80', '2000-1000', '1-2-3', '80:81'].map((ports): [string, string] => [
      `tcp 10.0.0.1:443,${ports}=1`,
      `'${ports}' is neither a port of 0 to 65535 nor a range such as 1000-2000`,
    ]),
    ['tcp 10.0.0.1:=1', "'' is neither a port of 0 to 65535 nor a range such as 1000-2000"],
    [`tcp 10.0.0.1:${'80,'.repeat(15)}80=1`, '16 ports or ranges of them, 15 at most'],
    ...['', '4294967296', '-1', '7x', '1.5', '0x100000000'].map((mark): [string, string] => [
      `tcp 10.0.0.1:80=${mark}`,
      `'${mark}' is not a mark of 0 to 4294967295`,
    ]),
  ]
  for (const [text, message] of cases) {
    const wanted = message.startsWith('--mark') ? message : `--mark: '${text}': ${message}`
    t.throws(() => parseMark(text), new UsageError(wanted), text)
  }
})

t.test('the words of an iptables rule have : in a range', async t => {
  const words = { protocol: 'tcp', to: '10.0.0.0/8', ports: '1000:2000,80', dash: ':', mark: '7' } as const
  const rule = readMarkRule('here', words)
  t.strictSame(rule.ports, [
    { first: 1000, last: 2000 },
    { first: 80, last: 80 },
  ])
  t.throws(() => readMarkRule('here', { ...words, ports: '1000-2000' }), {
    message: "here: '1000-2000' is neither a port of 0 to 65535 nor a range such as 1000:2000",
  })
})
