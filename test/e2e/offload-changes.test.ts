import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Ledger } from '../../netns-lab/ledger.js'
import { Namespaces } from '../../netns-lab/namespaces.js'
import { startRealServer } from '../../netns-lab/real-server.js'
import { ours, which } from '../../netns-lab/tools.js'
import { parseRule, uvsadm } from '../../src/cli/uvsadm/run.js'
import type { Control, Request } from '../../src/control/protocol/api.js'
import { connectControl } from '../../src/control/socket/client.js'
import { parseIpv4 } from '../../src/wire/addr.js'
import { DIP, Lan, RS1, RS2, sooner, VIP, whyNoLan } from './lan.js'
import { unhooked } from './unhooked.js'
import { WireJudge } from './wire-judge.js'

/*
 * With flows that the program forwards from their first packet on, under wrk: what is around them changes, and no frame goes to a wrong
 * MAC, real server or port. Each is judged as the director puts it on the wire; each answer, by its body, where it is asked for.
 */

const OTHER_VIP = '10.77.0.101'
const LIP = '10.77.0.201'
/** Clients: one behind a gateway, which the client's host is, too; and one on the wire. */
const [FAR, NEAR] = ['10.88.0.10', '10.77.0.10']
const SPOOFED = '10.66.0.0/16'
const SECONDS = 25
const [CHANGES, AT_ONCE] = [504, 12]
const AT_WORST_MS = 60_000
const missing = ['wrk', 'nft'].find(tool => !which(tool))
const skip = (await whyNoLan()) || (missing ? `${missing} is not installed` : false)

const ALLOWED = [
  `ether daddr @rs1_macs ip saddr ${FAR} ip daddr ${RS1} tcp dport 80`,
  `ether daddr @rs1_macs ip saddr ${NEAR} ip daddr ${RS1} tcp dport 8080`,
  `ether daddr @rs1_macs ip saddr ${LIP} ip daddr ${RS1} tcp dport 8082`,
  `ether daddr @rs2_macs ip saddr ${DIP} ip daddr ${RS2} ${ofInner(NEAR, OTHER_VIP, 83)}`,
  `ether daddr @rs2_macs ip saddr ${FAR} ip daddr ${VIP} tcp dport 80`,
  `ether daddr @rs1_macs ip saddr ${SPOOFED} ip daddr ${RS1} tcp dport 80`,
  `ether daddr @rs2_macs ip saddr ${SPOOFED} ip daddr ${VIP} tcp dport 80`,
  `ether daddr @client_macs ip saddr ${VIP} tcp sport 80 ip daddr ${FAR}`,
  `ether daddr @client_macs ip saddr ${OTHER_VIP} tcp sport { 81, 82 } ip daddr ${NEAR}`,
]

/** A rule of nftables for IPIP, by what is in it: a TCP packet from and to these addresses, to this port. */
function ofInner(from: string, to: string, port: number): string {
  return `ip protocol 4 @nh,256,32 ${parseIpv4(from)! >>> 0} @nh,288,32 ${parseIpv4(to)! >>> 0} @nh,232,8 6 @nh,336,16 ${port}`
}

/** For wrk: counts answers that are none of these. */
function judging(...bodies: string[]): string {
  const isRight = bodies.map(body => `body == ${JSON.stringify(`${body}\n`)}`).join(' or ')
  return `wrong = 0
local threads = {}
function setup(thread) table.insert(threads, thread) end
function response(status, headers, body) if not (${isRight}) then wrong = wrong + 1 end end
function done()
  local sum = 0
  for _, thread in ipairs(threads) do sum = sum + thread:get("wrong") end
  print("wrong bodies: " .. sum)
end
`
}

async function surround(lan: Lan): Promise<void> {
  const { spaces } = lan
  for (const name of ['client', 'rs1', 'rs2'])
    await spaces.must(name, 'sysctl', ['-qw', 'net.ipv4.conf.all.arp_notify=1', 'net.ipv4.conf.eth0.arp_notify=1'])
  await spaces.ip('client', 'addr', 'add', `${FAR}/32`, 'dev', 'lo')
  await spaces.ip('client', 'route', 'add', `${VIP}/32`, 'dev', 'eth0', 'src', FAR)
  await spaces.ip('director', 'addr', 'add', `${OTHER_VIP}/32`, 'dev', 'lo')
  await spaces.ip('director', 'route', 'add', `${FAR}/32`, 'via', NEAR)
  await spaces.ip('rs1', 'route', 'add', `${FAR}/32`, 'via', '10.77.0.1')
  await spaces.ip('rs2', 'route', 'add', `${FAR}/32`, 'via', NEAR)
  const serve = (host: string, body: string, port: string) =>
    spaces.start(host, body, 'env', unhooked([ours('netns-lab/name-server.js'), body, port]))
  serve('rs1', 'other', '8080')
  serve('rs1', 'full', '8082')
  serve('rs2', 'tunnel', '83')
  await startRealServer(spaces, ['realserver', 'start', '--vip', OTHER_VIP, '--tun'], 'rs2')
}

/** Services, and real servers of all methods, in their order. */
const SERVICES = [['-t', `${VIP}:80`], ...[81, 82, 83].map(port => ['-t', `${OTHER_VIP}:${port}`])]
const SERVERS = [
  [...SERVICES[0]!, '-r', `${RS1}:80`, '-m'],
  [...SERVICES[0]!, '-r', `${RS2}:80`, '-g'],
  [...SERVICES[1]!, '-r', `${RS1}:8080`, '-m'],
  [...SERVICES[2]!, '-r', `${RS1}:8082`, '-b'],
  [...SERVICES[3]!, '-r', `${RS2}:83`, '-i'],
]

/**
 * Changes rules again and again, some by each request, by one connection that waits for no answer. Returns how many were carried out a
 * second.
 */
async function changeRules(control: Control): Promise<number> {
  const asked: Promise<number>[] = []
  const began = performance.now()
  for (let i = 0; i < CHANGES; i += AT_ONCE) {
    const requests = await Promise.all(Array.from({ length: AT_ONCE }, (_, k) => changeOf(i + k)))
    asked.push(carriedOut(control, requests))
    await sleep(Math.max(0, began + (i + AT_ONCE) * 10 - performance.now()))
  }
  const carried = (await Promise.all(asked)).reduce((sum, count) => sum + count, 0)
  const seconds = (performance.now() - began) / 1000
  await carriedOut(control, await Promise.all(SERVERS.map(server => rule('-e', ...server, '-w', '1'))))
  return carried / seconds
}
/** Weights change; now and then a real server is deleted and comes again. */
function changeOf(i: number): Promise<Request> {
  const server = SERVERS[i % SERVERS.length]!
  const [verb, gone] = [i % 14, SERVERS[(i - 1) % SERVERS.length]]
  if (verb === 12) return rule('-d', ...server.slice(0, 4))
  if (verb === 13) return rule('-a', ...gone!)
  return rule('-e', ...server, '-w', String(i % 4))
}
async function rule(...words: string[]): Promise<Request> {
  return (await parseRule(words)).request
}
async function carriedOut(control: Control, requests: Request[]): Promise<number> {
  const reply = await control.call({ op: 'batch', requests } as Request<'batch'>)
  const refused = reply.ok ? reply.value.find(({ ok }) => !ok) : reply
  if (refused) throw new Error(JSON.stringify(refused))
  return requests.length
}

async function changes(t: Test, lan: Lan, workers: number): Promise<void> {
  const { spaces } = lan
  await surround(lan)
  await lan.start('eth0', '--offload', '0', '--workers', String(workers))
  const control = connectControl(lan.control)
  t.teardown(() => control.close())
  const admin = async (...words: string[]): Promise<void> => {
    const { status, err } = await uvsadm(words, control)
    if (status !== 0) throw new Error(`uvsadm ${words.join(' ')}: ${err}`)
  }
  for (const service of SERVICES) await admin('-A', ...service, '-s', 'rr')
  await admin('--add-laddr', '-z', LIP, ...SERVICES[2]!)
  for (const server of SERVERS) await admin('-a', ...server)
  const judge = new WireJudge(spaces, ['client', 'rs1', 'rs2'])
  await judge.open(ALLOWED)
  const others = [
    ['near', 81, 'other'],
    ['by-lip', 82, 'full'],
    ['wrapped', 83, 'tunnel'],
  ] as const
  for (const [, port, body] of others)
    await sooner(async () => (await lan.ask(`${OTHER_VIP}:${port}`)) === body, AT_WORST_MS)

  const wrk = (name: string, at: string, ...bodies: string[]) => {
    const script = join(spaces.ledger.dir, `${name}.lua`)
    writeFileSync(script, judging(...bodies))
    return spaces.start('client', name, 'wrk', ['-t1', '-c8', `-d${SECONDS}`, '-s', script, `http://${at}/`])
  }
  const loads = [
    wrk('far', VIP, 'rs1', 'rs2'),
    ...others.map(([name, port, body]) => wrk(name, `${OTHER_VIP}:${port}`, body)),
  ]
  const flowing = ['sport 80', 'dport 8080', 'dport 8082', '@nh,256,32']
  await sooner(
    async () => (await Promise.all(flowing.map(what => judge.counted(what)))).every(count => count > 100),
    AT_WORST_MS,
  )

  for (const [number, host] of ['client', 'rs1', 'rs2'].entries()) {
    const old = await judge.mayHave(host)
    // Both may be its own in the moment of the change.
    const mac = `02:00:00:00:88:0${number}`
    await spaces.must('wire', 'nft', [`add element netdev judge ${host}_macs { ${mac} }`])
    await spaces.ip(host, 'link', 'set', 'eth0', 'address', mac)
    await sleep(1500) // until the director has heard of it
    await judge.isStale(old)
  }
  await spaces.ip('director', 'route', 'change', `${FAR}/32`, 'via', NEAR, 'mtu', '600')
  await sleep(300)
  await spaces.ip('director', 'route', 'change', `${FAR}/32`, 'via', NEAR)
  for (const verb of ['del', 'add']) {
    await spaces.ip('director', 'addr', verb, `${OTHER_VIP}/32`, 'dev', 'lo')
    await sleep(300)
  }
  const mac = (await spaces.must('director', 'cat', ['/sys/class/net/eth0/address'])).trim()
  spaces.start(
    'client',
    'flood',
    'env',
    unhooked([ours('test/e2e/syn-flood.js'), 'eth0', mac, `${VIP}:80`, '4', '20000']),
  )
  const aSecond = await changeRules(control)

  for (const load of loads) await load.ended()
  t.strictSame(await judge.faults(), [], 'no frame was wrong')
  for (const [what, atLeast] of [
    ['dport 8080', 500],
    ['dport 8082', 500],
    ['@nh,256,32', 500],
    ['@rs1_macs', 500],
    ['@rs2_macs', 500],
    ['@client_macs', 500],
    ['10.66.', 100],
  ] as const)
    t.ok((await judge.counted(what)) > atLeast, `${await judge.counted(what)} frames: ${what}`)
  for (const name of ['far', ...others.map(([name]) => name)]) t.match(spaces.logged(name), /wrong bodies: 0\n/, name)
  const { offload } = JSON.parse(await lan.uvs('offload', '--json')) as {
    offload: { counts: { packets: number; epochs: number; lost: number } }
  }
  const { counts } = offload
  t.ok(
    counts.packets > 1000 && counts.epochs > 20,
    `${counts.packets} packets by the program, ${counts.epochs} epochs, ${aSecond | 0} changes a second`,
  )
  t.equal(counts.lost, 0)
}

for (const workers of [1, 2])
  await t.test(
    `nothing goes astray while everything changes; workers: ${workers}`,
    { skip, timeout: 200_000 },
    async t => {
      const lan = new Lan(new Namespaces(await Ledger.open(`uvs-astray${workers}-${process.pid}-`)))
      t.teardown(() => lan.spaces.ledger.remove())
      await lan.build()
      await changes(t, lan, workers)
    },
  )
