import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hostSurroundings } from '../../../../src/cli/uvs/keepalived/host-surroundings.js'
import { checkFile } from '../../../../src/cli/uvs/keepalived/check-file.js'
import { showKeywords } from '../../../../src/cli/uvs/keepalived/keepalived.js'
import { recordedHost } from '../../../keepalived/config/recorded-host.js'
import { runCommand } from '../../../support/run-command.js'
import { tempDir } from '../../../support/temp.js'

const FINE = `vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    virtual_ipaddress { 192.0.2.1 }
}
`
const server = (line: string, real = ''): string =>
  `virtual_server 192.0.2.1 80 {\n${line}\nprotocol TCP\nlb_algo rr\nlb_kind NAT\nreal_server 192.0.2.2 80 {\n${real}\n}\n}\n`
const run = (...args: string[]) => runCommand('keepalived', '', 'check', '--interface', 'eth0', ...args)
const check = (text: string) => checkFile('c.conf', recordedHost('c.conf', { text }), false)

t.test('nothing wrong: nothing said, status 0', async t => {
  t.strictSame(check(FINE), { status: 0, out: '', err: '' })
})

t.test('tutorials’ own mistakes: by line and word, with what to write', async t => {
  const instance = (line: string): string => FINE.replace('    virtual_ip', `    ${line}\n    virtual_ip`)
  const wrong: [string, number, RegExp][] = [
    [
      instance('priority 500'),
      5,
      /^c.conf:4: error: number '500' outside range \[1, 255\]; allowed: 1 to 255\n.*Using default 100/,
    ],
    [
      instance('state MASTERinterface eth0'),
      5,
      /c.conf:4: error: .*'MASTERinterface', defaulting to BACKUP; .*line break missing after MASTER\?/,
    ],
    [instance('state backup'), 5, /write BACKUP: case counts/],
    [instance('prioritty 5'), 5, /is priority meant\?/],
    [instance('priority100'), 5, /space missing after priority\?/],
    [instance('　state BACKUP'), 5, /no ASCII/],
    [
      `\ufeff${FINE}`,
      5,
      /^c.conf:1: error: Unknown keyword .*vrrp_instance'; a byte order mark \(BOM\) .*without BOM$/m,
    ],
    ['\ufeff! a comment\n', 5, /^c.conf:1: error: Unknown keyword '\ufeff'; a byte order mark/],
    ['\ufffd\ufffdg\0l\0\n', 5, /^c.conf:1: .*; it is no UTF-8 \(UTF-16\?\)/],
    [
      FINE.replace('eth0', 'lo'),
      5,
      /^c.conf:2: error: \(VI_1\) cannot use a loopback interface \(lo\) for vrrp - ignoring; .*\n.*:1: error: .*Unknown interface!/,
    ],
    [
      FINE.replace('interface eth0', 'vrf lo'),
      5,
      /^.*vrf.*\nc.conf:2: error: \(VI_1\) cannot use a loopback interface \(lo\) for VRF/,
    ],
    [
      `bfd_instance b {\nneighbor_ip 10.0.0.7\nsource_ip 2001:db8::1\n}\n`,
      5,
      /c.conf:4: error: .*source address 2001:db8::1 and .* not of the same family.*; the neighbour is 10.0.0.7\n/,
    ],
    [FINE.replace('192.0.2.1 }', '192.0.2.1 dev lo }'), 0, /^$/],
    [
      FINE.replace('192.0.2.1 }', '192.0.2.1 dev }'),
      5,
      /^c.conf:4: error: No dev parameter specified for 192.0.2.1; the address is left out\nc.conf:1: error: .*No VIP specified/,
    ],
    [server('nat_mask 255.255.255.0'), 5, /^c.conf:2: error: Unknown keyword 'nat_mask'; .*leave the line out/],
    [server('lb_lind DR'), 5, /write lb_kind/],
    [server('', 'connect_port 80'), 5, /^c.conf:7: error: Unknown keyword 'connect_port'; .*into the checker/],
    [server('', 'TCP_CHECK {\nnb_get_retry 3\n}'), 5, /write retry here/],
    [server('lb_algo twos'), 0, /^c.conf:2: warning: uvs has no scheduler twos; it has rr, wrr/],
    [server('alpha off'), 0, /^c.conf:2: warning: 'off' after 'alpha' is ignored; alpha is ON/],
    [instance('state BACKUP priority 5'), 0, /^c.conf:4: warning: 'priority 5' after 'state BACKUP' is ignored/],
    [`global_defs {\nvrrp_strict\n}\n${FINE}`, 0, /^c.conf:2: warning: vrrp_strict: .* of VI_1: no ping/],
    [
      `global_defs {\nenable_snmp_vrrp\n}\n${FINE}`,
      0,
      /^c.conf:2: warning: 'enable_snmp_vrrp' is not supported by uvs; /,
    ],
    [FINE.replace(' 51', ''), 2, /^c.conf:3: fatal: \*\*\* Configuration line starting `virtual_router_id`/],
  ]
  for (const [text, status, said] of wrong) {
    const { status: found, err } = check(text)
    t.equal(found, status, text)
    t.match(err, said)
  }
})

const group = (members: string): string => `vrrp_sync_group G {\ngroup { ${members} }\n}\n`

t.test('what only the whole file shows: by the line of its block', async t => {
  const vips = '    virtual_ipaddress { 192.0.2.1 }\n'
  const second = FINE.replace('VI_1', 'VI_2')
  const nosuch = FINE.replace('eth0', 'nosuch0')
  const wrong: [string, RegExp][] = [
    [`\n${FINE.replace(vips, '')}`, /^c.conf:2: error: \(VI_1\) No VIP specified; at least one is sensible$/m],
    [FINE + second, /^c.conf:6: error: VI_1 and VI_2 both use VRID 51 with IPv4 on interface eth0; give each/m],
    [FINE.replace(/virtual_router_id 51/, ''), /^c.conf:1: error: \(VI_1\) the virtual router id must be set; /m],
    [FINE + group('VI_9'), /^c.conf:6: error: Virtual router VI_9 specified in sync group G doesn't exist/m],
    [FINE + group('VI_1'), /^c.conf:6: error: Sync group G has only 1 virtual router/m],
    [nosuch, /^c.conf:2: error: Non-existent interface specified in configuration; write dynamic_interfaces/m],
    [`${FINE}vrrp_script s {\nscript /no/such\n}\n`, /^c.conf:6: error: Disabling track script s since not found/m],
    [server('quorum 9'), /^c.conf:1: error: Warning - quorum 9 for .* exceeds total weight/m],
    [`virtual_server 192.0.2.1 80 {\n}\n`, /^c.conf:1: error: Virtual server .* has no real servers - ignoring; /m],
    [`${server('').slice(0, -2)}real_server 192.0.2.2 80 {\n}\n}\n`, /^c.conf:9: error: VS .* is duplicated/m],
    [server('', 'notify_up /bin/true'), /^c.conf:7: security: SECURITY VIOLATION - check scripts are being executed/m],
    [`net_namespace none\n${FINE}`, /^c.conf:1: warning: there is no network namespace none/m],
    [
      `${FINE}vrrp_instance B {\nvirtual_ipaddress {\n}\n`,
      /^c.conf:6: error: There are 1 missing '}'s or extra '{'s; /m,
    ],
    [`a {\nb {\n}\n`, /^c.conf:1: error: There are 1 missing/m],
  ]
  for (const [text, said] of wrong) t.match(check(text).err, said, text)
  t.notMatch(wrong.map(([text]) => check(text).err).join(''), /^(error|warning|security): /m, 'each has a line')
})

t.test('what the file holds does not steer the terminal', async t => {
  t.equal(
    check('a\x1b[31mb\x07\x9b\u202e\n').err.split(';')[0],
    "c.conf:1: error: Unknown keyword 'a\\x1b[31mb\\x07\\x9b\\u202e'",
  )
})

t.test('--json: one object', async t => {
  const { out, status } = checkFile('c.conf', recordedHost('c.conf', { text: 'foo\n' }), true)
  t.equal(status, 5)
  const help = 'the top level knows no such word'
  t.strictSame(JSON.parse(out), {
    version: 1,
    messages: [{ file: 'c.conf', line: 1, severity: 'error', text: "Unknown keyword 'foo'", help }],
  })
})

t.test('keywords: all of them, or a block’s', async t => {
  t.ok(showKeywords(undefined).out.split('\n').length > 400)
  t.match(showKeywords('vrrp_instance').out, /^vrrp_instance: priority <1-255> {2}\(default 100/m)
  t.match(showKeywords('global_defs').out, /^global_defs: enable_dbus {3}\(default off; not done: /m)
  t.match(showKeywords('nope'), { status: 1, err: /no block 'nope': top, global_defs/ })
})

t.test('the command, on this host', async t => {
  const dir = tempDir(t)
  writeFileSync(join(dir, 'k.conf'), `include d/*.conf\n@there foo\n`)
  mkdirSync(join(dir, 'd'))
  writeFileSync(join(dir, 'd/i.conf'), FINE)
  const file = join(dir, 'k.conf')
  t.match(await run(file), { status: 0, out: '', err: '' })
  t.match(await run(file, '-i', 'there'), { status: 5, err: `${file}:2: error: Unknown keyword 'foo'` })
  writeFileSync(join(dir, 'd/i.conf'), FINE.replace('eth0', 'nosuch0'))
  t.match(await run(file), { status: 5, err: `${join(dir, 'd/i.conf')}:2: error: WARNING - interface nosuch0` })
  t.match(await run(file, '--interface', 'nosuch0'), { status: 0, err: '' })
  writeFileSync(file, 'include none.conf\n')
  t.match(await run(file), { status: 0, err: /note: Config files missing 'none.conf'\.; there is no such file\n/ })
  t.match(await run(join(dir, 'none')), { status: 1, err: /^uvs keepalived: '.*none': there is no such file\n$/ })
  t.match(await run(dir), { status: 1, err: /: it is a directory\n$/ })
})

const noise = (count: number): string => Array.from({ length: count }, (_, i) => `word${i}\n`).join('')

t.test('of a file that is no configuration the first hundred messages, and how many more', async t => {
  const lines = (text: string): string[] => check(text).err.trimEnd().split('\n')
  t.equal(lines(noise(100)).length, 100)
  const many = check(noise(150))
  t.equal(many.status, 5)
  t.match(many.err, /word99'.*\nand 50 more messages; --json shows them\n$/)
  const ended = check(`${noise(150)}virtual_server\n`)
  t.equal(ended.status, 2)
  t.match(ended.err, /word99'.*\nc\.conf:151: fatal: .*\nand 50 more messages; /, 'what decides the status is there')
  t.match(lines(noise(12_000)).at(-1), /^and at least 9900 more messages/)
  const { messages } = JSON.parse(checkFile('c.conf', recordedHost('c.conf', { text: noise(150) }), true).out)
  t.equal(messages.length, 150)
})

const piped = (text: string, ...args: string[]) =>
  runCommand('keepalived', text, 'check', '-', '--interface', 'eth0', ...args)

t.test('- is standard input', async t => {
  t.strictSame(await piped(FINE), { status: 0, out: '', err: '' })
  t.match(await piped('foo\n'), { status: 5, err: /^-:1: error: Unknown keyword 'foo'/ })
  t.match(await piped('include -\n'), { status: 0, err: /^-:1: note: Config files missing '-'/ }, 'once')
  t.match(JSON.parse((await piped('foo\n', '--json')).out), { messages: [{ file: '-', line: 1 }] })
  t.match(await piped('#\n'.repeat(2 ** 23 + 1)), {
    status: 1,
    err: /^uvs keepalived: standard input is larger than 16 MiB\n$/,
  })
})

t.test('what never ends is not read, and what matches everything is refused', async t => {
  const dir = tempDir(t)
  const file = join(dir, 'k.conf')
  t.match(await run('/dev/zero'), { status: 1, err: "uvs keepalived: '/dev/zero': it is no regular file\n" })
  execFileSync('mkfifo', [join(dir, 'fifo')])
  writeFileSync(file, `include fifo\ninclude /dev/zero\n`)
  t.match(await run(file), {
    status: 0,
    err: /:1: note: .*'fifo'\.; it is no regular file\n.*:2: note: .*no regular file/,
  })
  mkdirSync(join(dir, 'many'))
  for (let i = 0; i < 40; i++) {
    mkdirSync(join(dir, 'many', `${i}`))
    for (let j = 0; j < 40; j++) writeFileSync(join(dir, 'many', `${i}`, `${j}`), '')
  }
  writeFileSync(file, 'include many/*/*\n')
  t.match(await run(file), {
    status: 5,
    err: `${file}:1: error: 'many/*/*' names too many files; at most 1024 paths\n`,
  })
  writeFileSync(file, '')
  truncateSync(file, 17 * 1024 * 1024)
  t.match(await run(file), { status: 1, err: /: it is larger than 16 MiB\n$/ })
})

t.test('scripts and names of this host', async t => {
  const dir = tempDir(t)
  const host = hostSurroundings({ interfaces: [] })
  const path = join(dir, 's.sh')
  writeFileSync(path, '#!/bin/sh\n')
  t.equal(host.script(path), 'inert')
  chmodSync(path, 0o777)
  t.equal(host.script(path), 'insecure')
  t.equal(host.script(dir), 'directory')
  t.equal(host.script(join(dir, 'none')), 'missing')
  t.equal(host.script('sh'), 'runs')
  t.ok(host.hasUser('root') && !host.hasUser('0') && !host.hasUser('no such user'))
  t.ok(host.isLoopback('lo') && !host.isLoopback('../lo') && !host.isLoopback('nosuch0'))
  t.notOk(hostSurroundings({ interfaces: ['lo'] }).isLoopback('lo'), 'who names it knows better')
  t.ok(host.hasInterface('lo') && !host.hasInterface('../lo'))
  t.equal(host.routingNumber('rt_tables', 'main'), 254)
  t.equal(host.routingNumber('rt_tables', 'nope'), undefined)
  t.equal(host.routingNumber('rt_protos', 'keepalived'), 18)
  t.equal(host.routingNumber('protocols', 'tcp'), 6)
  t.equal(host.routingNumber('protocols', ''), undefined)
  t.ok(host.resolves('localhost'))
  t.notOk(host.resolves('--help'))
})
