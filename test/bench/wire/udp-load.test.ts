import t, { type Test } from 'tap'
import { Ledger } from '../../../netns-lab/ledger.js'
import { Namespaces } from '../../../netns-lab/namespaces.js'
import { whyNoNamespaces } from '../../../netns-lab/requirements.js'
import { FRAME_LEN } from '../../../bench/wire/load/udp-messages.js'
import { UDP_FLOWS, UdpLoad, warmUp } from '../../../bench/wire/udp-rate.js'

const skip = (await whyNoNamespaces()) ?? false

/** client ── veth ── rs1. */
async function cabled(t: Test): Promise<Namespaces> {
  const ledger = await Ledger.open(`uvs-udp-load-${process.pid}-`)
  t.teardown(() => ledger.remove())
  const spaces = new Namespaces(ledger)
  for (const name of ['client', 'rs1']) await spaces.add(name)
  await spaces.cable('client', 'eth0', 'rs1', 'eth0')
  await spaces.ip('client', 'addr', 'add', '192.0.2.1/24', 'dev', 'eth0')
  await spaces.ip('rs1', 'addr', 'add', '192.0.2.2/24', 'dev', 'eth0')
  return spaces
}

interface Sent {
  packets: number
  bytes: number
}

/** What the client's interface has sent by its kernel's count. */
async function counted(spaces: Namespaces): Promise<Sent> {
  const links = JSON.parse(await spaces.must('client', 'ip', ['-j', '-s', 'link', 'show', 'eth0'])) as {
    stats64: { tx: Sent }
  }[]
  return links[0]!.stats64.tx
}

t.test('generator, sink and the kernel between them agree', { skip, timeout: 230_000 }, async t => {
  const spaces = await cabled(t)
  const load = UdpLoad.start(spaces, { client: 'client', server: 'rs1', address: '192.0.2.2' })
  t.teardown(() => load.end())
  await load.run(1000, 0.1) // ARP

  const before = await counted(spaces)
  const { sent, lost, seconds } = await load.run(20_000, 0.5)
  const after = await counted(spaces)
  t.equal(lost, 0)
  t.ok(seconds >= 0.5 && seconds < 20, `${seconds} s`)
  t.ok(sent > 100 && sent <= 20_000 * seconds + 32, `${sent} sent`)
  t.equal(after.packets - before.packets, sent)
  t.equal(after.bytes - before.bytes, sent * FRAME_LEN)
  t.equal(FRAME_LEN, 60)

  const sockets = (await spaces.must('client', 'cat', ['/proc/net/udp'])).trim().split('\n').slice(1)
  const ports = new Set(sockets.map(line => line.trim().split(/\s+/)[1]))
  t.equal(ports.size, UDP_FLOWS, 'source ports')

  // Nobody's MAC address: what is sent is lost.
  await spaces.ip('client', 'neigh', 'replace', '192.0.2.2', 'lladdr', '02:00:00:00:00:99', 'dev', 'eth0')
  const nowhere = await load.run(20_000, 0.2)
  t.ok(nowhere.sent > 0)
  t.equal(nowhere.lost, nowhere.sent)
})

t.test('as fast as it goes', { skip, timeout: 230_000 }, async t => {
  const spaces = await cabled(t)
  const load = UdpLoad.start(spaces, { client: 'client', server: 'rs1', address: '192.0.2.2' })
  t.teardown(() => load.end())
  const { sent, lost, seconds } = await load.run(0, 0.3)
  t.ok(sent / seconds > 500, `${Math.round(sent / seconds)} frames/s`)
  t.equal(lost, 0)
})

t.test('nobody there: all is lost; no way there: one line', { skip, timeout: 230_000 }, async t => {
  const spaces = await cabled(t)
  const load = UdpLoad.start(spaces, { client: 'client', server: 'rs1', address: '192.0.2.3' })
  t.teardown(() => load.end())
  await t.rejects(warmUp(load), { message: /^of \d+ UDP datagrams none came through$/ })
  await load.sink.end()
  await t.rejects(load.run(1000, 0.1), { message: "no answer to 'begin 2'" })

  const nowhere = UdpLoad.start(spaces, { client: 'client', server: 'rs1', address: '198.51.100.1' })
  t.teardown(() => nowhere.end())
  await t.rejects(nowhere.run(1000, 0.1), {
    message: "no answer to '1 1000 0.1': SystemError: 198.51.100.1:9: network is unreachable (ENETUNREACH)",
  })
})
