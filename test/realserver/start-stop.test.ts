import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { type StartRequest, startRealServer } from '../../src/realserver/start.js'
import type { State } from '../../src/realserver/state.js'
import { StateFile } from '../../src/realserver/state-file.js'
import { stopRealServer } from '../../src/realserver/stop.js'
import { tempDir } from '../support/temp.js'
import { FakeHost } from './fake-host.js'

type Test = Pick<typeof t, 'teardown'>

const VIP = '192.168.159.100'
const OTHER = '192.168.159.101'
const request = (more: Partial<StartRequest> = {}): StartRequest => {
  return { vips: [VIP], tunnel: false, userspace: false, interfaces: [], guePort: undefined, ...more }
}
const conf = (name: string): string => `net/ipv4/conf/${name}`

/** A host, its state file, and start and stop on it. */
function scene(t: Test, prepare: (host: FakeHost) => void = () => {}) {
  const host = new FakeHost()
  prepare(host)
  const files = new StateFile(tempDir(t), '7')
  return {
    host,
    files,
    before: host.whole(),
    start: (more?: Partial<StartRequest>) => startRealServer(request(more), host, files),
    stop: (...vips: string[]) => stopRealServer(vips.length > 0 ? vips : undefined, host, files),
  }
}

const DR = [
  `${conf('all')}/arp_ignore=1`,
  `${conf('all')}/arp_announce=2`,
  `${conf('lo')}/arp_ignore=1`,
  `${conf('lo')}/arp_announce=2`,
  `ip addr add ${VIP}/32 dev lo scope host`,
]

t.test('DR: silent on ARP before the VIP is there; stop undoes it in the other order', async t => {
  const { host, files, before, start, stop } = scene(t)
  const { already, notes } = await start()
  t.strictSame([already, notes, host.done], [false, [], DR])
  host.done.length = 0
  t.strictSame(await stop(VIP), { stopped: [VIP], unknown: [], complaints: [] })
  t.strictSame(host.done, [
    `ip addr del ${VIP}/32 dev lo`,
    `${conf('lo')}/arp_announce=0`,
    `${conf('lo')}/arp_ignore=0`,
    `${conf('all')}/arp_announce=0`,
    `${conf('all')}/arp_ignore=0`,
  ])
  t.strictSame(host.whole(), before)
  t.notOk(existsSync(files.path))
})

t.test('a named interface is made silent too; what is stricter already stays', async t => {
  const { host, before, start, stop } = scene(t, host => {
    host.sysctls.set(`${conf('all')}/arp_ignore`, '8')
    host.sysctls.set(`${conf('lo')}/arp_announce`, '2')
  })
  await start({ interfaces: ['eth0'] })
  t.equal(host.sysctls.get(`${conf('all')}/arp_ignore`), '8')
  t.equal(host.sysctls.get(`${conf('eth0')}/arp_ignore`), '1')
  await stop()
  t.strictSame(host.whole(), before)
})

t.test('what is to be done is written down before', async t => {
  const { host, files, start } = scene(t)
  const { setSysctl, run } = host
  const noted = (): State['changes'] => (JSON.parse(readFileSync(files.path, 'utf8')) as State).changes
  host.setSysctl = (name, value) => {
    t.match(noted().at(-1), { what: 'sysctl', name })
    setSysctl.call(host, name, value)
  }
  host.run = (program, args) => {
    if (args[1] === 'add') t.match(noted().at(-1), { what: 'address', vip: VIP })
    return run.call(host, program, args)
  }
  await start()
  t.equal(noted().length, 5)
})

t.test('start again changes nothing, and says so; it puts back what has gone meanwhile', async t => {
  const { host, before, start, stop } = scene(t)
  await start()
  const started = host.whole()
  host.done.length = 0
  t.match(await start(), { already: true })
  t.strictSame(host.done, [])
  host.links.get('lo')!.addresses.pop()
  host.sysctls.set(`${conf('all')}/arp_ignore`, '0')
  const { already, state } = await start()
  t.strictSame([already, state.changes.length], [false, 5])
  t.strictSame(host.whole(), started)
  await stop()
  t.strictSame(host.whole(), before)
})

t.test('a VIP that was on lo, or an lo that was down, is so afterwards', async t => {
  for (const prefix of ['/32', '/24']) {
    const { host, before, start, stop } = scene(t, host => {
      host.links.get('lo')!.addresses.push(`${VIP}${prefix}`)
      host.links.get('lo')!.up = false
    })
    await start()
    t.equal(host.links.get('lo')!.up, true)
    t.strictSame(host.links.get('lo')!.addresses, ['127.0.0.1/8', `${VIP}${prefix}`])
    await stop(VIP)
    t.strictSame(host.whole(), before)
  }
})

t.test('a VIP that another interface has too is told of', async t => {
  const { start } = scene(t, host => host.links.get('eth0')!.addresses.push(`${VIP}/24`))
  const { notes } = await start()
  t.strictSame(notes, [`warning: ${VIP} is on eth0 too, where this host answers ARP for it: remove it there`])
})

t.test('of two VIPs each goes alone, what both need with the last', async t => {
  const { host, before, start, stop } = scene(t)
  await start()
  await start({ vips: [OTHER] })
  await stop(VIP)
  t.strictSame(host.links.get('lo')!.addresses, ['127.0.0.1/8', `${OTHER}/32`])
  t.equal(host.sysctls.get(`${conf('all')}/arp_ignore`), '1')
  t.strictSame(await stop(VIP, OTHER), { stopped: [OTHER], unknown: [VIP], complaints: [] })
  t.strictSame(host.whole(), before)
})

t.test('stop of what was not started does nothing', async t => {
  const { host, start, stop } = scene(t)
  t.strictSame(await stop(VIP), { stopped: [], unknown: [VIP], complaints: [] })
  t.strictSame(await stop(), { stopped: [], unknown: [], complaints: [] })
  t.strictSame(host.done, [])
  await start()
  host.done.length = 0
  t.strictSame(await stop(OTHER), { stopped: [], unknown: [OTHER], complaints: [] })
  t.strictSame(host.done, [])
})

t.test('a start that fails half-way leaves all as it was', async t => {
  for (const refuses of [
    ...DR,
    'ip link set dev tunl0 up',
    `ip addr add ${VIP}/32 dev tunl0`,
    `${conf('tunl0')}/rp_filter=2`,
  ]) {
    const { host, files, before, start } = scene(t, host => {
      host.ipip = 'module'
      host.sysctls.set(`${conf('all')}/rp_filter`, '1')
    })
    host.refuses = refuses
    await t.rejects(start({ tunnel: true }), /Operation not permitted|EROFS/, refuses)
    t.strictSame(host.whole(), before, refuses)
    t.notOk(existsSync(files.path), 'no state is left')
  }
})

t.test('a second start that fails leaves the first', async t => {
  const { host, files, start } = scene(t)
  await start()
  const [one, text] = [host.whole(), readFileSync(files.path, 'utf8')]
  host.refuses = `ip addr add ${OTHER}`
  await t.rejects(start({ vips: [OTHER] }), {
    message: `ip addr add ${OTHER}/32 dev lo scope host: RTNETLINK answers: Operation not permitted`,
  })
  t.strictSame(host.whole(), one)
  t.equal(readFileSync(files.path, 'utf8'), text)
  await t.rejects(start({ interfaces: ['eth9'] }), { message: "--interface: there is no interface 'eth9'" })
  t.equal(readFileSync(files.path, 'utf8'), text)
})

t.test("tunnels by the kernel's ipip, loaded for it", async t => {
  const { host, before, start, stop } = scene(t, host => (host.ipip = 'module'))
  const { state } = await start({ tunnel: true })
  t.equal(state.way, 'kernel')
  t.strictSame(host.done.slice(DR.length), [
    'modprobe ipip',
    `ip addr add ${VIP}/32 dev tunl0 scope host`,
    'ip link set dev tunl0 up',
  ])
  t.match(await start({ tunnel: true }), { already: true })
  await t.rejects(start({ tunnel: true, userspace: true }), {
    message: "the kernel's tunl0 opens the tunnels already: stop it first",
  })
  host.done.length = 0
  await stop(VIP)
  t.strictSame(host.done.slice(0, 4), [
    'ip link set dev tunl0 down',
    `ip addr del ${VIP}/32 dev tunl0`,
    'modprobe -r ipip',
    `ip addr del ${VIP}/32 dev lo`,
  ])
  t.strictSame(host.whole(), before)
})

t.test('a tunl0 that can only be added is deleted again', async t => {
  const { host, before, start, stop } = scene(t, host => (host.ipip = 'link'))
  await start({ tunnel: true })
  t.ok(host.done.includes('ip link add name tunl0 type ipip'))
  await stop()
  t.ok(host.done.includes('ip link del dev tunl0'))
  t.strictSame(host.whole(), before)
})

t.test('a tunl0 of the user stays, up or down, with its addresses', async t => {
  for (const up of [true, false]) {
    const { host, before, start, stop } = scene(t, host => {
      host.addLink('tunl0', { up, kind: 'ipip', addresses: ['10.9.9.9/32', ...(up ? [`${VIP}/32`] : [])] })
      host.sysctls.set(`${conf('all')}/rp_filter`, '1')
    })
    await start({ tunnel: true })
    t.equal(host.links.get('tunl0')!.up, true)
    t.ok(host.links.get('tunl0')!.addresses.includes(`${VIP}/32`))
    t.equal(host.sysctls.get(`${conf('tunl0')}/rp_filter`), '2', "above what 'all' says")
    t.equal(host.sysctls.get(`${conf('all')}/rp_filter`), '1')
    await stop()
    t.strictSame(host.whole(), before)
  }
})

t.test('DR first, tunnels later: one real server', async t => {
  const { host, before, start, stop } = scene(t, host => (host.ipip = 'module'))
  await start()
  const { state } = await start({ tunnel: true })
  t.strictSame(state.vips, { [VIP]: { tunnel: true } })
  t.match(await start(), { already: true, state: { vips: { [VIP]: { tunnel: true } } } }, 'and they stay')
  await stop()
  t.strictSame(host.whole(), before)
})

t.test('what cannot be put back is told, and the rest is', async t => {
  const { host, files, start, stop } = scene(t)
  await start()
  host.refuses = `ip addr del ${VIP}`
  const { complaints } = await stop()
  t.strictSame(complaints, [`ip addr del ${VIP}/32 dev lo: RTNETLINK answers: Operation not permitted`])
  t.equal(host.sysctls.get(`${conf('all')}/arp_ignore`), '0')
  t.notOk(existsSync(files.path))
})

t.test('a start that was killed half-way is undone by stop', async t => {
  const { host, files, before, start, stop } = scene(t)
  await start()
  const state = JSON.parse(readFileSync(files.path, 'utf8')) as State
  files.save({ ...state, vips: {} })
  await stop(VIP)
  t.strictSame(host.whole(), before)
})

t.test('a change that somebody has undone already needs no undoing', async t => {
  const { host, before, start, stop } = scene(t)
  await start()
  host.links.get('lo')!.addresses.pop()
  t.match(await stop(), { complaints: [] })
  t.strictSame(host.whole(), before)
})

t.test('the state of a namespace that is gone is not ours', async t => {
  const { files, start } = scene(t)
  await start()
  t.strictSame(new StateFile(files.directory, '8').load().vips, {})
  t.strictSame(Object.keys(new StateFile(files.directory, '7').load().vips), [VIP])
  t.strictSame(Object.keys(new StateFile(files.directory).load().vips), [VIP], 'where cookies are not known')
})

t.test('a damaged state file is not taken for none', async t => {
  const { host, files, start } = scene(t)
  await start()
  writeFileSync(files.path, '{"vips":')
  host.done.length = 0
  await t.rejects(start(), {
    message: `${files.path} is damaged: it is no JSON: set right by hand what it names, then delete it`,
  })
  t.strictSame(host.done, [])
})

t.test('two at a time take turns; the lock of a dead process is nobody’s', async t => {
  const { host, before, start, stop } = scene(t)
  await Promise.all([start(), start({ vips: [OTHER] }), start()])
  t.strictSame(host.links.get('lo')!.addresses.length, 3)
  await Promise.all([stop(VIP), stop(OTHER)])
  t.strictSame(host.whole(), before)
  const { files, start: startAgain } = scene(t)
  writeFileSync(files.path.replace(/json$/, 'lock'), '{"pid":1,"start":"9"}')
  t.match(await startAgain(), { already: false })
})
