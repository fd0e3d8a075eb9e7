import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { applyRules, Director, localControl, UsageError, uvsadm } from '../../src/index.js'
import { explain, explainFrames, explanationText, watch } from '../../src/library/explain.js'
import { replay, type ReplayedFrame } from '../../src/library/replay.js'
import { placed, tcp4 } from '../support/frames.js'
import { pcapOf } from '../support/pcap.js'

const RULES = `
# two servers
-A -t 10.0.1.100:80 -s rr
-a -t 10.0.1.100:80 -r 10.0.2.11:80 -m
-a -t 10.0.1.100:80 -r 10.0.2.12:80 -m`
const syn = (port: number): Uint8Array => tcp4(`10.0.0.7:${port} > 10.0.1.100:80`, { flags: 'S' })
const folder = t.testdir({ 'a.pcap': pcapOf([syn(1), syn(2), syn(3)]), 'cut.pcap': '', 'no.pcap': 'nothing' })
const capture = join(folder, 'a.pcap')
writeFileSync(join(folder, 'cut.pcap'), readFileSync(capture).subarray(0, -5))

const wrong = async (t: Test, work: Promise<unknown>, message: string): Promise<void> => {
  await t.rejects(work, { constructor: UsageError, message })
}

t.test('a replay: frames, verdicts, steps at their times, tables', async t => {
  const frames: ReplayedFrame[] = []
  const out = join(folder, 'out.pcapng')
  const found = await replay({
    in: capture,
    out,
    rules: RULES,
    each: frame => frames.push(frame),
    at: [
      { ms: 2500, run: () => {} },
      { ms: 1500, run: control => uvsadm(control, '-e -t 10.0.1.100:80 -r 10.0.2.11:80 -m -w 0') },
    ],
  })
  t.strictSame(found.frames.read, 3)
  t.equal(found.corrupt, undefined)
  t.equal(found.seconds, 2.002)
  t.strictSame(
    frames.map(({ frame, from, connection }) => [frame, from, connection?.server]),
    [
      [1, '10.0.0.7:1', '10.0.2.12:80'],
      [2, '10.0.0.7:2', '10.0.2.11:80'],
      [3, '10.0.0.7:3', '10.0.2.12:80'],
    ],
  )
  t.equal(found.verdicts['held'], 2, 'one waits for each server’s MAC')
  t.match(await uvsadm(found.control, '-Ln'), /10\.0\.2\.11:80 +Masq +0 /)
  t.ok(readFileSync(out).length > 500)
  const again = await replay({ in: capture, rules: RULES })
  t.equal(again.director.conns.table.count, 3)
})

t.test('what is wrong with a replay, in a line', async t => {
  await wrong(t, replay({ in: capture, macs: ['x'] }), "macs: 'x' is not MAC@INTERFACE, such as 02:00:00:00:00:01@eth0")
  await wrong(
    t,
    replay({ in: capture, rules: '-A -t 1.2.3.4:80 -s nosuch' }),
    'rules line 1: Scheduler or persistence engine not found (-A -t 1.2.3.4:80 -s nosuch)',
  )
  await t.rejects(replay({ in: capture, rules: 'hello' }), /^rules line 1: 'hello' is no rule/)
  await t.rejects(replay({ in: capture, arp: 'none' as 'answer' }), UsageError)
  await t.rejects(replay({ in: join(folder, 'none') }), { code: 'ENOENT' })
  await t.rejects(replay({ in: join(folder, 'no.pcap') }), /no\.pcap: at octet 0: neither pcap nor pcapng/)
  const cut = await replay({ in: join(folder, 'cut.pcap') })
  t.equal(cut.frames.read, 2)
  t.match(cut.corrupt, /octet|ends/)
})

t.test('marks and a scheduler of one’s own', async t => {
  const last = {
    name: 'last',
    bind: (service: { destinations: unknown[] }) => ({ schedule: () => service.destinations.at(-1) }),
  }
  const rules = `-A -f 7 -s last
-a -f 7 -r 10.0.2.11 -m
-a -f 7 -r 10.0.2.12 -m`
  const [one] = await explain('tcp 10.0.0.7:1 > 10.0.1.100:80 syn', {
    rules,
    vips: ['10.0.1.100'],
    marks: ['tcp 10.0.1.100:80=7'],
    schedulers: [last as never],
  })
  t.match(one?.steps, [{}, { step: 'service', service: 'FWM 7' }, { step: 'scheduler', chosen: '10.0.2.11:0' }])
})

t.test('packets and frames are explained', async t => {
  const typed = await explain(['tcp 10.0.0.7:1 > 10.0.1.100:80 syn', 'tcp 10.0.0.7:2 > 10.0.1.100:80 syn'], {
    rules: RULES,
  })
  t.strictSame(
    typed.map(({ verdict, connection }) => [verdict, connection?.daddr]),
    [
      ['balanced', '10.0.2.12'],
      ['balanced', '10.0.2.11'],
    ],
  )
  const [second] = await explainFrames(capture, [2], { rules: RULES })
  t.match(explanationText(second!), /scheduler +rr.*10\.0\.2\.11:80/s)
  await wrong(
    t,
    explain('syn', { rules: RULES }),
    "'syn': tcp, udp or icmp is expected: PROTOCOL SRC > DST, such as 'tcp 10.0.0.7:40000 > 10.0.1.100:80 syn'",
  )
  await wrong(t, explainFrames(capture, [0], {}), 'frames: 0: they are counted from 1')
  await t.rejects(explainFrames(capture, [4], {}), /there is no frame 4: the capture has 3/)
})

t.test('a director of one’s own is watched', async t => {
  const director = new Director({
    links: [{ name: 'eth0', mac: '02:00:00:00:00:01', mtu: 1500 }],
    egress: { transmit: () => true },
    addresses: [],
    routes: ['default=@eth0'],
    seed: 1,
    now: 0,
  })
  await applyRules(localControl(director), RULES)
  const comes = (port: number): void => {
    const { slab, at, len } = placed(syn(port))
    director.receive(director.links[0]!, slab, at, len)
  }
  t.throws(() => watch(director, 'tcp prt 80'), UsageError)
  const first = watch(director)
  const second = watch(director, 'tcp src port 2', 1)
  t.ok(first.isOver, 'a director has one')
  first.end()
  for (const port of [1, 2, 3]) comes(port)
  t.match(second.take(), [{ packet: /10\.0\.0\.7:2 > / }])
  t.ok(second.isOver)
  second.end()
})

t.test('uvsadm: one line, and what it says', async t => {
  const { control } = await replay({ in: capture })
  await t.rejects(uvsadm(control, '-A -t 1.2.3.4:80; -Ln'), UsageError)
  await t.rejects(uvsadm(control, '-D -t 1.2.3.4:80'), /^uvsadm -D -t 1\.2\.3\.4:80: No such service/)
})
