import t from 'tap'
import { splitScript } from '../../../../src/cli/uvs/rules/script.js'
import { runLine } from '../../../../src/cli/uvs/rules/script-lines.js'
import type { Control, Outcome } from '../../../../src/control/protocol/api.js'
import { FakeControl } from '../../../support/fake-control.js'
import { readTranscript } from '../../../support/transcript.js'

const slept: number[] = []
const hooks = { sleep: async (seconds: number) => void slept.push(seconds) }

function run(line: string, control: Control = new FakeControl()): Promise<Outcome> {
  return runLine(splitScript(line)[0] ?? [], control, hooks)
}

const silent = { status: 0, out: '', err: '' }

t.test('sleep, ip route and modprobe', async t => {
  const control = new FakeControl()
  for (const line of [
    'sleep 2.5',
    'sleep 0',
    'ip route replace local 10.99.1.128/25 dev lo',
    'ip route replace local 10.0.0.9 dev lo',
    'modprobe -a iptable_mangle xt_mark',
  ])
    t.strictSame(await run(line, control), silent, line)
  t.strictSame(slept, [2.5, 0])
  t.match(await run('sleep 99999999999', control), {
    status: 2,
    err: /^sleep: '99999999999' .* 2000000 at the most\n$/,
  })
  t.strictSame(control.vips, ['10.99.1.128/25', '10.0.0.9/32'])
  t.strictSame(await run('ip route del local 10.0.0.9 dev lo', control), silent)
  t.strictSame(control.vips, ['10.99.1.128/25'])
})

t.test('routes', async t => {
  const control = new FakeControl()
  for (const line of [
    'ip route replace 10.99.2.11/32 dev vec1 mtu 1400',
    'ip route replace 10.99.2.12 dev vec1',
    'ip route replace default via 10.99.1.254',
    'ip route replace 198.51.100.0/24 via 10.99.1.254 dev vec0 mtu 576',
  ])
    t.strictSame(await run(line, control), silent, line)
  t.strictSame(control.routes, [
    { to: '10.99.2.11/32', port: 'vec1', mtu: 1400 },
    { to: '10.99.2.12/32', port: 'vec1' },
    { to: '0.0.0.0/0', gateway: '10.99.1.254' },
    { to: '198.51.100.0/24', gateway: '10.99.1.254', port: 'vec0', mtu: 576 },
  ])
  t.strictSame(await run('ip route del 10.99.2.11/32 dev vec1 mtu 1400', control), silent)
  t.strictSame(await run('ip route del default', control), silent)
  t.strictSame(
    control.routes.map(route => route.to),
    ['10.99.2.12/32', '198.51.100.0/24'],
  )
})

t.test('marks', async t => {
  const control = new FakeControl()
  for (const line of [
    'iptables-legacy -t mangle -A PREROUTING -d 10.99.1.128/25 -p tcp --dport 80 -j MARK --set-mark 7',
    'iptables-legacy -t mangle -A PREROUTING -d 10.99.1.100 -p tcp -m multiport --dports 80,443:500 -j MARK --set-mark 0x8',
    'iptables-legacy -t mangle -A PREROUTING -d 10.99.1.100 -p udp --dport 1000:2000 -j MARK --set-mark 9',
    'iptables-legacy -t mangle -A PREROUTING -d 10.99.1.100 -p sctp -j MARK --set-mark 10',
  ])
    t.strictSame(await run(line, control), silent, line)
  t.strictSame(control.marks, [
    { protocol: 'tcp', to: '10.99.1.128/25', ports: [{ first: 80, last: 80 }], mark: 7 },
    {
      protocol: 'tcp',
      to: '10.99.1.100',
      ports: [
        { first: 80, last: 80 },
        { first: 443, last: 500 },
      ],
      mark: 8,
    },
    { protocol: 'udp', to: '10.99.1.100', ports: [{ first: 1000, last: 2000 }], mark: 9 },
    { protocol: 'sctp', to: '10.99.1.100', ports: [], mark: 10 },
  ])
  t.strictSame(await run('iptables-legacy -t mangle -F', control), silent)
  t.strictSame(control.marks, [])
})

// each as procps' sysctl 4.0.2 said it
t.test('sysctl', async t => {
  const control = new FakeControl()
  const missing = 'sysctl: cannot stat /proc/sys/net/ipv4/vs/nosuch: No such file or directory\n'
  const invalid = 'sysctl: setting key "net.ipv4.vs.drop_entry": Invalid argument\n'
  const cases: [string, number, string, string][] = [
    ['sysctl -w net.ipv4.vs.sloppy_tcp=1', 0, 'net.ipv4.vs.sloppy_tcp = 1\n', ''],
    ['sysctl net.ipv4.vs.sloppy_tcp', 0, 'net.ipv4.vs.sloppy_tcp = 1\n', ''],
    ['sysctl net/ipv4/vs/sloppy_tcp=0', 0, 'net.ipv4.vs.sloppy_tcp = 0\n', ''],
    ["sysctl -w 'net.ipv4.vs.sync_threshold=4 60'", 0, 'net.ipv4.vs.sync_threshold = 4 60\n', ''],
    ['sysctl net.ipv4.vs.sync_threshold', 0, 'net.ipv4.vs.sync_threshold = 4\t60\n', ''],
    ['sysctl -w net.ipv4.vs.nosuch=9', 1, '', missing],
    ['sysctl net.ipv4.vs.nosuch', 1, '', missing],
    ['sysctl -w net.ipv4.vs.drop_entry=9', 1, '', invalid],
    ['sysctl -w net.ipv4.vs.drop_entry=', 1, '', invalid],
    [
      'sysctl -w net.ipv4.vs.sloppy_tcp=1 net.ipv4.vs.drop_entry=9 net.ipv4.vs.sloppy_sctp=1',
      1,
      'net.ipv4.vs.sloppy_tcp = 1\nnet.ipv4.vs.sloppy_sctp = 1\n',
      invalid,
    ],
  ]
  for (const [line, status, out, err] of cases) t.strictSame(await run(line, control), { status, out, err }, line)
})

t.test('05-sysctls.txt: as recorded', async t => {
  const records = readTranscript('05-sysctls.txt')
  t.equal(records.length, 1)
  for (const { command, status, out, err } of records) t.strictSame(await run(command), { status, out, err }, command)
})

t.test('a line that is not understood is named on one line, with status 2', async t => {
  const mark = 'iptables-legacy -t mangle -A PREROUTING -d 10.0.0.1 -p'
  const cases: [string, RegExp][] = [
    ['sysctl -w net.ipv4.ip_forward=1', /^sysctl .*: not there in uvs/],
    ['sysctl -w net.ipv4.vs.sloppy_tcp', /^sysctl .*: not there in uvs/],
    ['sysctl -w net.ipv4.vs.=1', /^sysctl .*: not there in uvs/],
    ['sysctl -w', /^sysctl -w: not there in uvs/],
    ['sysctl -q net.ipv4.vs.sloppy_tcp=1', /^sysctl .*: not there in uvs/],
    ['sysctl -a', /^sysctl -a: not there in uvs/],
    ['iptables-legacy -F', /^iptables-legacy -F: not there in uvs/],
    ['iptables-legacy -t nat -F', /^iptables-legacy .*: not there in uvs/],
    ['iptables-legacy -t mangle -A OUTPUT -d 10.0.0.1 -p tcp -j MARK --set-mark 7', /: not there in uvs/],
    [`${mark} tcp --dport 80,443 -j MARK --set-mark 7`, /: not there in uvs/],
    [`${mark} tcp --dports 80,443 -j MARK --set-mark 7`, /: not there in uvs/],
    [`${mark} tcp --dport 80 -j ACCEPT`, /: not there in uvs/],
    [`${mark} icmp -j MARK --set-mark 7`, /^iptables-legacy: 'icmp' is not tcp, udp or sctp/],
    [`${mark} tcp --dport 2000:1000 -j MARK --set-mark 7`, /^iptables-legacy: '2000:1000' is neither a port/],
    [`${mark} tcp --dport 80 -j MARK --set-mark x`, /^iptables-legacy: 'x' is not a mark of 0 to 4294967295/],
    ['iptables-legacy -t mangle -A PREROUTING -d x -p tcp -j MARK --set-mark 7', /^iptables-legacy: 'x' is neither/],
    ['ip link set lo up', /^ip link set lo up: not there in uvs/],
    ['ip route add 10.99.2.11/32 dev vec1', /^ip .* not there in uvs \(only ip route replace\|del/],
    ['ip route replace 10.99.2.11/32 dev vec1 mtu x', /^ip .* not there in uvs/],
    ['ip route replace 10.99.2.11/32 dev vec1 metric 9', /^ip .* not there in uvs/],
    ['ip route replace local 10.99.2.11 dev vec1', /^ip .* not there in uvs/],
    ['ip route replace local 10.99.2.11 dev lo mtu 1400', /^ip .* not there in uvs/],
    ['ip route replace local 10.99.2.11', /^ip .* not there in uvs/],
    ['sleep soon', /^sleep: 'soon' is not a number of seconds/],
    ['sleep', /^sleep: '' is not a number of seconds/],
    ['rm -rf /', /^rm: not a line of uvs script/],
    ["''", /^: not a line of uvs script/],
    ['ipvsadm -Ln | head', /^unexpected argument |/],
  ]
  for (const [line, message] of cases) {
    const outcome = await run(line)
    t.match(outcome, { status: 2, out: '', err: /^.+\n$/ }, line)
    t.match(outcome.err, message, line)
  }
})

t.test('what the director refuses is one line too', async t => {
  const refusing: Control = { call: async () => ({ ok: false, refusal: 'EINVAL', message: 'says uvs' }) }
  for (const [line, err] of [
    ['ip route del local 1.2.3.4 dev lo', 'ip: says uvs\n'],
    ['ip route replace 1.2.3.4 dev vec0', 'ip: says uvs\n'],
    ['ip route del 1.2.3.4', 'ip: says uvs\n'],
    ['iptables-legacy -t mangle -F', 'iptables-legacy: says uvs\n'],
    ['iptables-legacy -t mangle -A PREROUTING -d 1.2.3.4 -p tcp -j MARK --set-mark 7', 'iptables-legacy: says uvs\n'],
  ] as const)
    t.strictSame(await run(line, refusing), { status: 2, out: '', err }, line)
})

t.test("a mistake of ours is not dressed up as the user's", async t => {
  const broken: Control = { call: () => Promise.reject(new TypeError('a bug')) }
  for (const line of [
    'ip route del local 1.2.3.4 dev lo',
    'iptables-legacy -t mangle -A PREROUTING -d 1.2.3.4 -p tcp -j MARK --set-mark 7',
  ])
    await t.rejects(run(line, broken), { message: 'a bug' }, line)
})
