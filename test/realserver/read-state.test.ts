import t from 'tap'
import { readAnswer } from '../../src/realserver/read-answer.js'
import { readState } from '../../src/realserver/read-state.js'

/** What `start --vip 192.168.159.100 --tun --userspace` of 0.1.0 wrote, and an older one of DR. */
const STATE = {
  cookie: '4242',
  vips: { '192.168.159.100': { tunnel: true }, '192.168.159.101': { tunnel: false } },
  changes: [
    { what: 'sysctl', name: 'net/ipv4/conf/all/arp_ignore', before: '0' },
    { what: 'sysctl', name: 'net/ipv4/conf/eth0.100/arp_announce', before: '-1' },
    { what: 'sysctl', name: 'net/ipv4/conf/tunl0/rp_filter', before: '1' },
    { what: 'up', device: 'lo' },
    { what: 'address', device: 'lo', vip: '192.168.159.100' },
    { what: 'address', device: 'tunl0', vip: '192.168.159.100' },
    { what: 'module', module: 'ipip' },
    { what: 'device', device: 'tunl0' },
  ],
  way: 'userspace',
  decapsulator: {
    options: { interfaces: ['eth0', 'eth0.100'], vips: ['192.168.159.100'], guePort: 6080, device: 'uvs-rs' },
    process: { pid: 4321, start: '123456' },
  },
}
type Json = Record<string, unknown>
const options = STATE.decapsulator.options

const sysctl = (name: unknown, before: unknown = '0') => ({ what: 'sysctl', name, before })
const process = (pid: unknown, start: unknown) => ({ decapsulator: { options, process: { pid, start } } })

const read = (state: unknown): unknown => readState(JSON.stringify(state))
const refused = (state: Json): string => {
  try {
    read({ ...STATE, ...state })
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

t.test('what start writes is read as it was', async t => {
  t.strictSame(read(STATE), STATE)
  for (const decap of ['auto', 'program']) {
    const state = { ...STATE, decapsulator: { ...STATE.decapsulator, options: { ...options, decap } } }
    t.strictSame(read(state), state)
  }
  const least = { vips: {}, changes: [] }
  t.strictSame(read(least), least)
})

t.test('a change that start cannot have made is refused by its place and its name', async t => {
  const notOurs = 'is not a sysctl that uvs realserver sets'
  const cases: [unknown, string][] = [
    [sysctl('../../tmp/x'), `changes[1].name: "../../tmp/x" ${notOurs}`],
    [sysctl('net/ipv4/conf/../arp_ignore'), `changes[1].name: "net/ipv4/conf/../arp_ignore" ${notOurs}`],
    [sysctl('net/ipv4/conf/a/../../../../tmp/arp_ignore'), `${notOurs}`],
    [sysctl('net/ipv4/conf/eth0/arp_ignore\n'), `"net/ipv4/conf/eth0/arp_ignore\\n" ${notOurs}`],
    [sysctl('net/ipv4/conf/eth0/arp_filter'), notOurs],
    [sysctl('net/ipv4/conf/eth0/rp_filter'), notOurs],
    [sysctl('net/ipv4/ip_forward'), notOurs],
    [sysctl('kernel/core_pattern', '|/tmp/x'), notOurs],
    [sysctl(`net/ipv4/conf/${'x'.repeat(16)}/arp_ignore`), notOurs],
    [sysctl(7), `changes[1].name: 7 ${notOurs}`],
    [sysctl('net/ipv4/conf/lo/arp_ignore', 0), 'changes[1].before: 0 is not a whole number'],
    [sysctl('net/ipv4/conf/lo/arp_ignore', '1\n'), 'changes[1].before: "1\\n" is not a whole number'],
    [{ what: 'address', device: 'eth0', vip: '10.0.0.1' }, 'changes[1].device: "eth0" is not lo or tunl0'],
    [{ what: 'address', device: 'lo', vip: '127.0.0.1' }, '"127.0.0.1" is not an IPv4 address that may be virtual'],
    [{ what: 'address', device: 'lo', vip: '10.0.0.1 ' }, 'changes[1].vip: "10.0.0.1 " is not'],
    [{ what: 'address', device: 'lo', vip: '010.0.0.1' }, 'changes[1].vip'],
    [{ what: 'up', device: 'eth0' }, 'changes[1].device: "eth0" is not lo or tunl0'],
    [{ what: 'device', device: 'eth0' }, 'changes[1].device: "eth0" is not tunl0'],
    [{ what: 'module', module: 'ip_vs' }, 'changes[1].module: "ip_vs" is not ipip'],
    [{ what: 'file', path: '/etc' }, 'changes[1].what: "file" is not sysctl, address, up, device or module'],
    [{ what: 'up', device: 'lo', more: 1 }, 'changes[1] has a field "more", which is none of what, device'],
    [null, 'changes[1]: null is not an object'],
    [[], 'changes[1]: a list is not an object'],
    [{}, 'changes[1].what: nothing is not sysctl'],
  ]
  for (const [change, why] of cases)
    t.match(refused({ changes: [STATE.changes[0], change] }), why, JSON.stringify(change))
})

t.test('so is everything else', async t => {
  const of = (more: Json) => ({ decapsulator: { ...STATE.decapsulator, options: { ...options, ...more } } })
  const cases: [Json, string][] = [
    [{ vips: [] }, 'vips: a list is not an object'],
    [{ vips: undefined }, 'vips: nothing is not an object'],
    [{ vips: { eth0: { tunnel: true } } }, 'vips: "eth0" is not an IPv4 address that may be virtual'],
    [{ vips: { '10.0.0.1': { tunnel: 1 } } }, 'vips.10.0.0.1.tunnel: 1 is not true or false'],
    [{ vips: { '10.0.0.1': true } }, 'vips.10.0.0.1: true is not an object'],
    [{ changes: {} }, 'changes: an object is not a list'],
    [{ cookie: 7 }, "cookie: 7 is not a namespace's number"],
    [{ way: 'toString' }, 'way: "toString" is not kernel or userspace'],
    [{ more: 1 }, 'it has a field "more", which is none of cookie, vips, way, changes, decapsulator'],
    [{ decapsulator: null }, 'decapsulator: null is not an object'],
    [of({ interfaces: ['../x'] }), 'decapsulator.options.interfaces[0]: "../x" is not an interface\'s name'],
    [of({ interfaces: ['..'] }), 'decapsulator.options.interfaces[0]: ".." is not'],
    [of({ interfaces: ['\u001b/\u009b'] }), 'interfaces[0]: "\\u001b/\\u009b" is not'],
    [of({ vips: 'x' }), 'decapsulator.options.vips: "x" is not a list'],
    [of({ guePort: 65536 }), 'decapsulator.options.guePort: 65536 is not a whole number from 0 to 65535'],
    [of({ device: 'eth0' }), 'decapsulator.options.device: "eth0" is not uvs-rs'],
    [of({ decap: 'device' }), 'decapsulator.options.decap: "device" is not auto or program'],
    [process(-1, '1'), 'decapsulator.process.pid: -1 is not a whole number from 1 to 4194304'],
    [process(0, '1'), 'decapsulator.process.pid: 0 is not'],
    [process('1', '1'), 'decapsulator.process.pid: "1" is not'],
    [process(1, 1), "decapsulator.process.start: 1 is not a process's start"],
  ]
  for (const [state, why] of cases) t.match(refused(state), why, why)
  t.match(refused({ cookie: 'x'.repeat(1e6) }), new RegExp(`^cookie: "x{60}" is not`), 'a message is short')
})

t.test('what JSON can do to a reader it does not do to this one', async t => {
  const deep = '['.repeat(1e6) + ']'.repeat(1e6)
  const cases: [string, RegExp][] = [
    ['', /^it is no JSON$/],
    ['{"vips":', /^it is no JSON$/],
    ['null', /^it: null is not an object$/],
    ['[]', /^it: a list is not an object$/],
    [deep, /^it: a list is not an object$/],
    [`{"vips":{},"changes":[${deep}]}`, /^changes\[0\]: a list is not an object$/],
    ['{"__proto__":{"vips":{},"changes":[]}}', /^it has a field "__proto__"/],
    ['{"vips":{"__proto__":{"tunnel":true}},"changes":[]}', /^vips: "__proto__" is not an IPv4 address/],
    ['{"vips":{},"changes":[{"what":"up","__proto__":{"device":"lo"}}]}', /^changes\[0\] has a field "__proto__"/],
    ['{"vips":{},"changes":[{"what":"up"}]}', /^changes\[0\]\.device: nothing is not lo or tunl0$/],
  ]
  for (const [text, message] of cases) t.throws(() => readState(text), { message }, text.slice(0, 60))
  t.equal(({} as Json).tunnel, undefined)
})

t.test('an answer of the decapsulator is not believed either', async t => {
  const answer = { options, counters: { ipip: 5, 'drop-inner-not-vip': 0 } }
  const refusing = { ...answer, refused: { options, error: 'UDP port 53: another process holds it' } }
  const program = { on: [{ interface: 'eth0', way: 'tcx' }], why: 'eth1: CAP_BPF is missing' }
  const withProgram = { ...answer, program }
  for (const each of [answer, refusing, withProgram]) t.strictSame(readAnswer(JSON.stringify(each)), each)
  t.match(readAnswer(JSON.stringify({ ...answer, refused: { error: 'x' } })).refused, {
    options: undefined,
    error: 'x',
  })
  const cases: [Json, string][] = [
    [{ ...answer, counters: { ipip: -1 } }, 'counters.ipip: -1 is not a whole number'],
    [{ ...answer, counters: { '\n': 1 } }, 'counters: "\\n" is not a counter\'s name'],
    [{ ...answer, counters: undefined }, 'counters: nothing is not an object'],
    [
      { ...answer, program: { on: [{ interface: 'eth0', way: 'xdp' }] } },
      'program.on[0].way: "xdp" is not tcx or clsact',
    ],
    [{ ...answer, program: { on: [{ interface: '/', way: 'tcx' }] } }, 'program.on[0].interface: "/" is not'],
    [{ ...answer, program: { on: [], why: 7 } }, 'program.why: 7 is not a text'],
    [{ ...answer, refused: { options, error: 7 } }, 'refused.error: 7 is not a text'],
    [{ counters: {} }, 'options: nothing is not an object'],
  ]
  for (const [each, why] of cases) t.throws(() => readAnswer(JSON.stringify(each)), why)
})
