import t from 'tap'
import { SysctlError, Sysctls } from '../../src/service/sysctls.js'

/** ipvs-behaviour.md §12: name, default, some values that are taken, some that are not. In the order of sysctl -a. */
const ANY = {
  good: ['0', '1', '-1', '2147483647', '-2147483648'],
  bad: ['2147483648', '-2147483649', '', 'x', '1x', '1.5', '08', '0,0'],
}
/** Kept in jiffies, of which the recorded kernel has 100 a second. */
const SECONDS = { good: ['0', '1', '-1', '21474836'], bad: ['21474837', '', 'x'] }
const DEFENCE = { good: ['0', '1', '2', '3'], bad: ['-1', '4', '', 'on'] }
const TABLE: [name: string, fallback: string, values: { good: string[]; bad: string[] }][] = [
  ['am_droprate', '10', ANY],
  ['amemthresh', '1024', ANY],
  ['backup_only', '0', ANY],
  ['cache_bypass', '0', ANY],
  ['conn_reuse_mode', '1', ANY],
  ['conntrack', '0', ANY],
  ['debug_level', '0', ANY],
  ['drop_entry', '0', DEFENCE],
  ['drop_packet', '0', DEFENCE],
  ['expire_nodest_conn', '0', ANY],
  ['expire_quiescent_template', '0', ANY],
  ['ignore_tunneled', '0', ANY],
  ['lblc_expiration', '86400', SECONDS],
  ['lblcr_expiration', '86400', SECONDS],
  ['nat_icmp_send', '0', ANY],
  ['pmtu_disc', '1', ANY],
  ['run_estimation', '1', ANY],
  ['schedule_icmp', '0', ANY],
  ['secure_tcp', '0', DEFENCE],
  ['sloppy_sctp', '0', ANY],
  ['sloppy_tcp', '0', ANY],
  ['snat_reroute', '1', ANY],
  ['sync_persist_mode', '0', ANY],
  ['sync_ports', '1', { good: ['1', '2', '4', '64', '1073741824'], bad: ['0', '-1', '3', '6', '2147483648'] }],
  ['sync_qlen_max', '0', { good: ['0', '1', '4294967296'], bad: ['-1', 'x'] }],
  ['sync_refresh_period', '0', SECONDS],
  ['sync_retries', '0', DEFENCE],
  ['sync_sock_size', '0', ANY],
  [
    'sync_threshold',
    '3\t50',
    { good: ['3\t50', '0\t1', '5\t0', '0\t0'], bad: ['50', '50 3', '3 3', '-1 5', '1 -5', 'a b', ''] },
  ],
  ['sync_version', '1', { good: ['0', '1'], bad: ['2', '-1'] }],
]

/** The fields by which the path asks, and the names they stand for. */
const FIELDS: [keyof Sysctls, string][] = [
  ['amDroprate', 'am_droprate'],
  ['amemthresh', 'amemthresh'],
  ['cacheBypass', 'cache_bypass'],
  ['connReuseMode', 'conn_reuse_mode'],
  ['dropEntry', 'drop_entry'],
  ['dropPacket', 'drop_packet'],
  ['expireNodestConn', 'expire_nodest_conn'],
  ['expireQuiescentTemplate', 'expire_quiescent_template'],
  ['ignoreTunneled', 'ignore_tunneled'],
  ['lblcExpiration', 'lblc_expiration'],
  ['lblcrExpiration', 'lblcr_expiration'],
  ['natIcmpSend', 'nat_icmp_send'],
  ['pmtuDisc', 'pmtu_disc'],
  ['runEstimation', 'run_estimation'],
  ['scheduleIcmp', 'schedule_icmp'],
  ['secureTcp', 'secure_tcp'],
  ['sloppySctp', 'sloppy_sctp'],
  ['sloppyTcp', 'sloppy_tcp'],
]

t.test('names, order and defaults are the kernel’s', async t => {
  t.strictSame(
    new Sysctls().all(),
    TABLE.map(([name, fallback]) => [name, fallback]),
  )
})

t.test('values in the range are kept as they are, others are refused and change nothing', async t => {
  for (const [name, fallback, { good, bad }] of TABLE) {
    const sysctls = new Sysctls()
    for (const value of bad) {
      t.throws(() => sysctls.set(name, value), new SysctlError(), `${name} = '${value}'`)
      t.equal(sysctls.get(name), fallback, `${name} is what it was`)
    }
    for (const value of good) {
      t.equal(sysctls.set(name, value), value, `${name} = ${value}`)
      t.equal(sysctls.get(name), value)
    }
  }
})

t.test('the path sees what was set, and at first the defaults', async t => {
  for (const [field, name] of FIELDS) {
    const sysctls = new Sysctls()
    t.equal(String(sysctls[field]), sysctls.get(name), `${name}: default`)
    sysctls.set(name, '3')
    t.equal(sysctls[field], 3, name)
    for (const [other, otherName] of FIELDS)
      if (other !== field) t.equal(String(sysctls[other]), sysctls.get(otherName), `${otherName} beside ${name}`)
    sysctls.reset()
    t.equal(String(sysctls[field]), TABLE.find(([known]) => known === name)![1], `${name}: reset`)
  }
})

t.test('blanks, signs, hexadecimal and octal are read as the kernel does, and shown as plain numbers', async t => {
  const sysctls = new Sysctls()
  t.equal(sysctls.set('amemthresh', ' 0x10 '), '16')
  t.equal(sysctls.set('amemthresh', '+5'), '5')
  t.equal(sysctls.amemthresh, 5)
  t.equal(sysctls.set('sync_threshold', ' 4   60 '), '4\t60')
  t.equal(sysctls.set('sync_threshold', '5'), '5\t60', 'the second stays')
  t.equal(sysctls.set('sync_threshold', '1 2 3'), '1\t2', 'what follows is not looked at')
  t.equal(sysctls.set('amemthresh', '010'), '8', 'octal behind 0')
  t.equal(sysctls.set('amemthresh', '1 x'), '1')
  t.equal(sysctls.set('amemthresh', '-0'), '0')
})

t.test('there is no other name', async t => {
  for (const name of ['', 'drop_packets', 'constructor', '__proto__', 'dropEntry', 'toString', 'all']) {
    t.throws(() => new Sysctls().set(name, '1'), new SysctlError(`there is no sysctl '${name}'`))
    t.equal(new Sysctls().get(name), undefined)
  }
})

t.test('a defence level that rewrites itself is seen by both', async t => {
  const sysctls = new Sysctls()
  for (const [name, field] of [
    ['drop_entry', 'dropEntry'],
    ['drop_packet', 'dropPacket'],
    ['secure_tcp', 'secureTcp'],
  ] as const) {
    sysctls.set(name, '1')
    sysctls.rewrite(name, 2)
    t.equal(sysctls.get(name), '2')
    t.equal(sysctls[field], 2)
  }
})

t.test('reset, all are as at first', async t => {
  const sysctls = new Sysctls()
  for (const [name, , { good }] of TABLE) sysctls.set(name, good.at(-1)!)
  sysctls.reset()
  t.strictSame(sysctls.all(), new Sysctls().all())
})
