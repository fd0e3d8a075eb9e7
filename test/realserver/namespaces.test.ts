import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { Ledger } from '../../netns-lab/ledger.js'
import { Namespaces } from '../../netns-lab/namespaces.js'
import { snmpCounter } from '../../netns-lab/netns-lab.js'
import { patternHash } from '../../netns-lab/pattern.js'
import { end, type Ended, identify, until } from '../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { ours, which } from '../../netns-lab/tools.js'
import { startWebServer } from '../../netns-lab/web-server.js'
import { unhooked } from '../e2e/unhooked.js'

/*
 *  client .10 ──┐
 *  director .20 ┼── wire, a bridge     VIP .100: the director answers ARP for it, the real server has it on lo.
 *  rs .32 ──────┘                      What comes for it goes to rs in a tunnel, rs answers the client itself.
 */
const HERE = dirname(fileURLToPath(import.meta.url))
const VIP = '192.168.159.100'
const RIP = '192.168.159.32'
const OCTETS = 5_000_000
const UDP_PORT = 53

const noSetpriv = (): string | false => (which('setpriv') ? false : 'there is no setpriv')
const skip = (await whyNoNamespaces()) ?? false

await t.test('a real server in a namespace', { skip, timeout: 220_000 }, async t => {
  const spaces = new Namespaces(await Ledger.open(`uvs-rs-${process.pid}-`))
  t.teardown(() => spaces.ledger.remove())
  await build(spaces)
  const mac = /link\/ether (\S+)/.exec(await spaces.must('rs', 'ip', ['-o', 'link', 'show', 'eth0']))![1]!

  const realserver = (...args: string[]): Promise<Ended> =>
    spaces.run('rs', 'env', unhooked([ours('src/cli/uvs/main.js'), 'realserver', ...args]))
  const done = async (...args: string[]): Promise<string> => {
    const { status, out, err } = await realserver(...args)
    t.strictSame([status, err], [0, ''], args.join(' '))
    return out
  }
  const probe = async (...probes: (string | number)[][]): Promise<unknown[]> => {
    const args = unhooked([join(HERE, '../e2e/probe.js'), JSON.stringify(probes)])
    return JSON.parse(await spaces.must('client', 'env', args)) as unknown[]
  }
  /** All that a real server could change. */
  const whole = (): Promise<string> =>
    spaces.must('rs', 'sh', [
      '-c',
      'ip -o link; ip -o addr; ip route show table all; sysctl -a --pattern "arp_|rp_filter"',
    ])
  const counter = async (name: string): Promise<number> =>
    snmpCounter(await spaces.must('rs', 'cat', ['/proc/net/snmp']), name)
  const before = await whole()
  await startWebServer(spaces, 'rs', { port: 80, node: true })

  await t.test('DR: ARP for the VIP is not answered, its clients are', async t => {
    const refused = ['connect', VIP, 80]
    await spaces.ip('rs', 'addr', 'add', `${VIP}/32`, 'dev', 'lo')
    const withVip = await whole()
    t.strictSame(await probe(refused), ['connected'], 'without: it is answered')
    t.match(await done('start', '--vip', `${VIP}/32`), `uvs realserver: ready: ${VIP} on lo\n`)
    for (const name of ['client', 'rs']) await spaces.ip(name, 'neigh', 'flush', 'all')
    t.match(await probe(refused), [/EHOSTUNREACH|no answer/])
    await spaces.ip('client', 'neigh', 'replace', VIP, 'lladdr', mac, 'dev', 'eth0')
    t.strictSame(await probe(['get', `http://${VIP}/`]), ['200 rs\n'], 'as a director would send it')
    const neighbours = await spaces.must('client', 'ip', ['neigh', 'show', RIP])
    t.match(neighbours, mac, 'and rs has asked for the client in its own name')
    await spaces.ip('client', 'neigh', 'del', VIP, 'dev', 'eth0')
    await done('stop', '--vip', VIP)
    t.equal(await whole(), withVip, 'the VIP was there before, and stays')
    await spaces.ip('rs', 'addr', 'del', `${VIP}/32`, 'dev', 'lo')
  })

  await t.test('TUN: each kind of tunnel, checksums offloaded and not', async t => {
    const large = 'x'.repeat(60_000)
    /** 1450 leaves room for every outer header; with 1500 the director has to cut what it has encapsulated. */
    const mtu = (octets: number): Promise<void> =>
      spaces.ip('client', 'route', 'replace', VIP, 'dev', 'eth0', 'mtu', String(octets))
    await done('start', '--vip', VIP, '--tun', '--userspace')
    const echo = spaces.start('rs', 'echo', process.execPath, [join(HERE, 'udp-echo.js'), VIP, String(UDP_PORT)])
    await until(() => readFileSync(echo.log, 'utf8') !== '', 60_000)
    for (const kind of ['ipip', 'gre', 'gre-csum', 'gue', 'gue-csum', 'gue-remcsum']) {
      for (const tx of /-|gre/.test(kind) ? ['on'] : ['on', 'off']) {
        await spaces.run('client', 'ethtool', ['-K', 'eth0', 'tx', tx, 'tso', 'off', 'gso', 'off'])
        const stop = await send(spaces, kind, mac)
        await mtu(1450)
        const [page, sum, small] = await probe(
          ['get', `http://${VIP}/`],
          ['send', `http://${VIP}/sha256`, OCTETS],
          ['udp', VIP, UDP_PORT, 'hello'],
        )
        await mtu(1500)
        const [whole] = await probe(['udp', VIP, UDP_PORT, large])
        t.strictSame([page, sum, small], ['200 rs\n', patternHash(OCTETS), 'hello'], `${kind}, tx ${tx}`)
        t.ok(whole === large, `${kind}, tx ${tx}: 60 KB in outer fragments`)
        await stop()
      }
    }
    t.strictSame(await probe(['get', `http://${RIP}/`]), ['200 rs\n'], 'what is in no tunnel does not even come there')
    const counters = new Map(
      [...(await done('status')).matchAll(/^ {4}(\S+) +(\d+)$/gm)].map(([, name, count]) => [name!, Number(count)]),
    )
    for (const name of ['ipip', 'gre', 'gue']) t.ok(counters.get(name)! > 5000, `${name}: ${counters.get(name)}`)
    t.ok(counters.get('by-program')! > 10_000, `by-program: ${counters.get('by-program')}`)
    const drops = [...counters].filter(([name, count]) => name.startsWith('drop-') && count > 0)
    t.strictSame(drops, [])
    t.strictSame([await counter('InCsumErrors'), await counter('OutDestUnreachs')], [0, 0])
  })

  await t.test('a program opens tunnels, or none, as told; or it cannot be had', { skip: noSetpriv() }, async t => {
    const start = ['start', '--vip', VIP, '--tun']
    const taken = async (): Promise<number> => Number(/^ {4}by-program +(\d+)$/m.exec(await done('status'))![1])
    const withProgram = /, and before it a program in the kernel at eth0 \((tcx|clsact)\)\n$/
    const stop = await send(spaces, 'ipip', mac)
    t.match(await done(...start, '--userspace'), withProgram)
    await probe(['get', `http://${VIP}/`], ['get', `http://${VIP}/`])
    const had = await taken()
    t.ok(had > 0)
    t.match(await done(...start), /as it was: .*, and before it a program/)
    t.match(await done(...start, '--decap', 'device'), /device uvs-rs\n$/)
    await probe(['get', `http://${VIP}/`])
    t.equal(await taken(), had, 'and what was counted stays')
    t.match(await done(...start), /as it was: .*device uvs-rs\n$/)
    t.match(await done(...start, '--decap', 'program'), withProgram)
    await probe(['get', `http://${VIP}/`])
    t.ok((await taken()) > had)
    await done('stop')
    const uvs = unhooked([ours('src/cli/uvs/main.js'), 'realserver', ...start, '--userspace'])
    const without = (...more: string[]): Promise<Ended> =>
      spaces.run('rs', 'setpriv', ['--bounding-set=-bpf,-sys_admin', 'env', ...uvs, ...more])
    t.match(await without(), { status: 0, out: /, and no program in the kernel: CAP_BPF is missing\n$/, err: '' })
    t.strictSame(await probe(['get', `http://${VIP}/`]), ['200 rs\n'])
    t.equal(await taken(), 0)
    t.match(await without('--decap', 'program'), { status: 1, err: /eBPF/ })
    t.match(await done('status'), 'CAP_BPF is missing', 'it goes on as it was')
    await stop()
    await done('stop')
    t.equal(await whole(), before)
  })

  await t.test('what is not for the VIP is dropped by name, and nobody told', async t => {
    const stop = await send(spaces, 'ipip', mac)
    await done('stop', '--vip', VIP)
    t.equal(await whole(), before)
    await probe(['udp', VIP, UDP_PORT, 'nobody', 0, 2000])
    t.ok((await counter('OutDestUnreachs')) > 0, 'without a decapsulator the kernel refuses the protocol')
    const refused = await counter('OutDestUnreachs')
    await done('start', '--vip', '192.168.159.101', '--tun', '--userspace')
    await probe(['udp', VIP, UDP_PORT, 'nobody', 0, 2000])
    t.match(await done('status'), /^ {4}drop-inner-not-vip +1$/m)
    t.equal(await counter('OutDestUnreachs'), refused)
    t.match(await done('start', '--vip', VIP, '--tun'), `${VIP} on eth0`)
    t.strictSame(await probe(['get', `http://${VIP}/`]), ['200 rs\n'], 'a VIP more')
    await done('stop', '--vip', '192.168.159.101')
    t.strictSame(await probe(['get', `http://${VIP}/`]), ['200 rs\n'], 'a VIP less')
    await stop()
    await done('stop')
    t.equal(await whole(), before)
  })

  await t.test('what comes by an interface upon another is taken once', async t => {
    await spaces.ip('rs', 'link', 'add', 'link', 'eth0', 'name', 'upon', 'type', 'macvlan', 'mode', 'bridge')
    await spaces.ip('rs', 'addr', 'add', '192.168.159.33/24', 'dev', 'upon')
    await spaces.ip('rs', 'link', 'set', 'upon', 'up')
    const its = /link\/ether (\S+)/.exec(await spaces.must('rs', 'ip', ['-o', 'link', 'show', 'upon']))![1]!
    t.match(await done('start', '--vip', VIP, '--tun', '--userspace'), 'on eth0, upon')
    const stop = await send(spaces, 'ipip', its, '192.168.159.33')
    // Not the counter of ipip: a connection of before may send its last segment again.
    const taken = await counter('InDatagrams')
    await probe(['udp', VIP, UDP_PORT, 'once'])
    t.equal((await counter('InDatagrams')) - taken, 1)
    await stop()
    await done('stop')
    await spaces.ip('rs', 'link', 'del', 'upon')
    t.equal(await whole(), before)
  })

  await t.test('a change of VIPs, GUE port or interfaces interrupts nobody', async t => {
    const daemon = /process \d+/.exec(await done('start', '--vip', VIP, '--tun', '--userspace'))![0]
    await spaces.ip('rs', 'link', 'add', 'idle', 'type', 'veth', 'peer', 'name', 'idle-too')
    await spaces.ip('rs', 'link', 'set', 'idle', 'up')
    const stop = await send(spaces, 'ipip', mac)
    await probe(['get', `http://${VIP}/`])
    const refused = await counter('OutDestUnreachs')
    const { pid, log, ended } = spaces.start('client', 'loop', process.execPath, [
      join(HERE, 'connect-loop.js'),
      VIP,
      '80',
    ])
    await until(() => readFileSync(log, 'utf8') !== '', 60_000)
    const said: string[] = []
    for (const vip of ['192.168.159.101', '192.168.159.102']) said.push(await done('start', '--vip', vip, '--tun'))
    said.push(await done('start', '--vip', VIP, '--tun', '--gue-port', '7000'))
    for (const vip of ['192.168.159.101', '192.168.159.102']) await done('stop', '--vip', vip)
    said.push(await done('start', '--vip', VIP, '--tun', '--interface', 'idle', '--gue-port', '6081'))
    const taken = await realserver('start', '--vip', VIP, '--tun', '--gue-port', '53')
    process.kill(pid, 'SIGTERM')
    t.equal(await ended(), 0)
    t.match(taken.err, /UDP port 53: another process holds it/)
    for (const each of said) t.match(each, daemon)
    t.match(said.at(-1), 'GUE (UDP port 6081)')
    t.match(await done('status'), new RegExp(`GUE \\(UDP port 6081\\) to ${VIP} on eth0, idle: ${daemon}`))
    const { times, longest, errors } = JSON.parse(readFileSync(log, 'utf8').trim().split('\n').at(-1)!) as Loop
    t.strictSame(errors, [])
    // A SYN that is lost when a ring is made anew is sent again after a second; none may be refused, or lost twice, which takes three.
    t.ok(times > 50 && longest < 2900, `${times} connections, the longest ${longest} ms`)
    t.equal(await counter('OutDestUnreachs'), refused)
    await stop()
    await done('start', '--vip', VIP, '--tun', '--gue-port', '6080')
    const stopGue = await send(spaces, 'gue', mac)
    t.strictSame(await probe(['get', `http://${VIP}/`]), ['200 rs\n'], 'on the port of now')
    await stopGue()
    await done('stop')
    await spaces.ip('rs', 'link', 'del', 'idle')
    t.equal(await whole(), before)
  })

  await t.test('a decapsulator that is killed', async t => {
    const first = await killDecapsulator(await done('start', '--vip', VIP, '--tun', '--userspace'))
    const { status, err } = await realserver('status')
    t.equal(status, 1)
    t.match(err, new RegExp(`^uvs realserver: process ${first} is dead .*\\n.*puts it right\\n$`))
    const again = await done('start', '--vip', VIP, '--tun')
    t.notMatch(again, /as it was/)
    const stop = await send(spaces, 'ipip', mac)
    t.strictSame(await probe(['get', `http://${VIP}/`]), ['200 rs\n'], 'start again starts it again')
    await stop()
    t.match(await done('start', '--vip', VIP, '--tun'), /ready, as it was: /)
    await killDecapsulator(again)
    await done('stop', '--vip', VIP)
    t.equal(await whole(), before)
  })

  await t.test('status tells what is not as start left it; start puts it right', async t => {
    const start = ['start', '--vip', VIP, '--tun', '--userspace', '--interface', 'eth0']
    await done(...start)
    const sorted = async (): Promise<string[]> => (await whole()).split('\n').sort() // routes are in no order
    const started = await sorted()
    await done('status')
    const cases: [string, string[]][] = [
      [`ip addr del ${VIP}/32 dev lo`, [`${VIP} is not on lo`]],
      ['sysctl -qw net.ipv4.conf.lo.arp_ignore=0', ['arp_ignore of lo is 0, not 1']],
      ['sysctl -qw net.ipv4.conf.all.arp_announce=1', ['arp_announce of all is 1, not 2']],
      ['sysctl -qw net.ipv4.conf.eth0.arp_ignore=0', ['arp_ignore of eth0 is 0, not 1']],
      ['sysctl -qw net.ipv4.conf.uvs-rs.rp_filter=1', ['rp_filter of uvs-rs is 1, not 2']],
      [`ip addr del ${VIP}/32 dev uvs-rs`, [`${VIP} is not on uvs-rs`]],
      ['ip link set uvs-rs down', ['uvs-rs is down']],
    ]
    for (const [spoil, lines] of cases) {
      await spaces.must('rs', 'sh', ['-c', spoil])
      const { status, out, err } = await realserver('status')
      t.equal(status, 1, spoil)
      t.match(out, 'uvs realserver: not as it was started: ')
      const told = [...lines, 'the same start puts it right'].map(line => `uvs realserver: ${line}\n`).join('')
      t.equal(err, told, spoil)
      t.notMatch(await done(...start), 'as it was', spoil)
      t.strictSame(await sorted(), started, spoil)
      await done('status')
    }
    const wasRunning = /process \d+/.exec(await done(...start))![0]
    await spaces.ip('rs', 'link', 'del', 'uvs-rs')
    t.match((await realserver('status')).err, 'the device uvs-rs is gone')
    t.notMatch(await done(...start), wasRunning, 'which another decapsulator makes again')
    await done('status')
    await done('stop')
    t.equal(await whole(), before)
  })

  await t.test('in the foreground, until a signal', async t => {
    const args = [
      ours('src/cli/uvs/main.js'),
      'realserver',
      'start',
      '--vip',
      VIP,
      '--tun',
      '--userspace',
      '--foreground',
    ]
    for (const kills of ['us', 'the decapsulator']) {
      const { pid, log, ended } = spaces.start('rs', `foreground-${kills.length}`, process.execPath, args)
      await until(() => readFileSync(log, 'utf8').includes('ready'), 60_000)
      const daemon = Number(/process (\d+)/.exec(readFileSync(log, 'utf8'))![1])
      if (kills === 'us') {
        await done('start', '--vip', '192.168.159.101', '--tun')
        await done('stop', '--vip', '192.168.159.101')
        await sleep(500)
        t.ok(identify(daemon) && identify(pid), 'what others do is no reason to end')
      }
      process.kill(kills === 'us' ? pid : daemon, 'SIGTERM')
      t.equal(await ended(), kills === 'us' ? 0 : 1, readFileSync(log, 'utf8'))
      t.equal(identify(daemon), undefined)
      t.equal(await whole(), before)
    }
  })

  await t.test('what cannot be is refused in a line, and nothing is left of it', async t => {
    const echo = spaces.start('rs', 'gue-port', process.execPath, [join(HERE, 'udp-echo.js'), '0.0.0.0', '6080'])
    await until(() => readFileSync(echo.log, 'utf8') !== '', 60_000)
    await spaces.ip('rs', 'link', 'add', 'idle', 'type', 'veth', 'peer', 'name', 'idle-too')
    const withIdle = await whole()
    const start = ['start', '--vip', VIP, '--tun', '--userspace']
    const cases: [string[], RegExp][] = [
      [start, /UDP port 6080: another process holds it \(EADDRINUSE\)/],
      [[...start, '--interface', 'eth9'], /--interface: there is no interface 'eth9'/],
      [[...start, '--interface', 'idle'], /--interface: 'idle' is down/],
      [[...start, '--interface', 'lo'], /--interface: 'lo' is no Ethernet interface/],
    ]
    for (const [args, message] of cases) {
      const { status, out, err } = await realserver(...args)
      t.strictSame([status, out], [1, ''], args.join(' '))
      t.match(err, new RegExp(`^uvs realserver: ${message.source}\\n$`))
      t.equal(await whole(), withIdle)
    }
    t.match(await done(...start, '--gue-port', '0'), 'IPIP and GRE to')
    t.match(await done('stop'), `${VIP} stopped`)
    t.match(await done('stop', '--vip', VIP), `${VIP} is not started here: nothing to stop`)
  })
})

/** What connect-loop.js prints. */
interface Loop {
  times: number
  longest: number
  errors: string[]
}

async function build(spaces: Namespaces): Promise<void> {
  for (const name of ['client', 'director', 'rs', 'wire']) await spaces.add(name)
  for (const name of ['client', 'director', 'rs']) await spaces.cable(name, 'eth0', 'wire', `to-${name}`)
  await spaces.bridge('wire', 'br0', ['to-client', 'to-director', 'to-rs'])
  await spaces.ip('client', 'addr', 'add', '192.168.159.10/24', 'dev', 'eth0')
  await spaces.ip('rs', 'addr', 'add', `${RIP}/24`, 'dev', 'eth0')
  await spaces.must('rs', 'sysctl', ['-qw', 'net.ipv4.conf.all.rp_filter=1'])
}

/** Starts the director; answers how to end it. */
async function send(spaces: Namespaces, kind: string, mac: string, rip = RIP): Promise<() => Promise<void>> {
  await spaces.ip('client', 'neigh', 'flush', 'all')
  const args = [join(HERE, 'tunnel-sender.js'), 'eth0', VIP, '192.168.159.20', rip, mac, kind]
  const said = spaces.logged(`sender-${kind}`)
  const { pid } = spaces.start('director', `sender-${kind}`, process.execPath, args)
  if (!(await until(() => spaces.logged(`sender-${kind}`) !== said, 60_000)))
    throw new Error('the sender does not begin')
  const id = identify(pid)
  return () => end(id ? [id] : [])
}

/** Of what `start` has said. Answers the pid. */
async function killDecapsulator(said: string): Promise<string> {
  const pid = Number(/process (\d+)/.exec(said)![1])
  process.kill(pid, 'SIGKILL')
  await until(() => identify(pid) === undefined, 60_000)
  return String(pid)
}
