import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Ledger } from '../../netns-lab/ledger.js'
import { Namespaces } from '../../netns-lab/namespaces.js'
import { ours, which } from '../../netns-lab/tools.js'
import { uvsadm } from '../../src/cli/uvsadm/run.js'
import { connectControl } from '../../src/control/socket/client.js'
import { Lan, RS1, RS2, sooner, VIP, whyNoLan } from './lan.js'
import { unhooked } from './unhooked.js'
import { WireJudge } from './wire-judge.js'

/*
 * With flows that the program forwards from their first packet on, under wrk: what is around them changes, and no frame goes to a wrong
 * MAC, real server or port. Each is judged as the director puts it on the wire; each answer, by its body, where it is asked for.
 */

const OTHER_VIP = '10.77.0.101'
/** Clients: one behind a gateway, which the client's host is, too; and one on the wire. */
const [FAR, NEAR] = ['10.88.0.10', '10.77.0.10']
const SPOOFED = '10.66.0.0/16'
const SECONDS = 22
const AT_WORST_MS = 60_000
const missing = ['wrk', 'nft'].find(tool => !which(tool))
const skip = (await whyNoLan()) || (missing ? `${missing} is not installed` : false)

const ALLOWED = [
  `ether daddr @rs1_macs ip saddr ${FAR} ip daddr ${RS1} tcp dport 80`,
  `ether daddr @rs1_macs ip saddr ${NEAR} ip daddr ${RS1} tcp dport 8080`,
  `ether daddr @rs2_macs ip saddr ${FAR} ip daddr ${VIP} tcp dport 80`,
  `ether daddr @rs1_macs ip saddr ${SPOOFED} ip daddr ${RS1} tcp dport 80`,
  `ether daddr @rs2_macs ip saddr ${SPOOFED} ip daddr ${VIP} tcp dport 80`,
  `ether daddr @client_macs ip saddr ${VIP} tcp sport 80 ip daddr ${FAR}`,
  `ether daddr @client_macs ip saddr ${OTHER_VIP} tcp sport 81 ip daddr ${NEAR}`,
]

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
  spaces.start('rs1', 'other', 'env', unhooked([ours('netns-lab/name-server.js'), 'other', '8080']))
}

async function changes(t: Test, lan: Lan): Promise<void> {
  const { spaces } = lan
  await surround(lan)
  await lan.start('eth0', '--offload', '0')
  const control = connectControl(lan.control)
  t.teardown(() => control.close())
  const admin = async (...words: string[]): Promise<void> => {
    const { status, err } = await uvsadm(words, control)
    if (status !== 0) throw new Error(`uvsadm ${words.join(' ')}: ${err}`)
  }
  const [first, other] = [
    ['-t', `${VIP}:80`],
    ['-t', `${OTHER_VIP}:81`],
  ]
  const servers = [
    [...first!, '-r', `${RS1}:80`, '-m'],
    [...first!, '-r', `${RS2}:80`, '-g'],
    [...other!, '-r', `${RS1}:8080`, '-m'],
  ]
  for (const service of [first!, other!]) await admin('-A', ...service, '-s', 'rr')
  for (const server of servers) await admin('-a', ...server)
  const judge = new WireJudge(spaces, ['client', 'rs1', 'rs2'])
  await judge.open(ALLOWED)
  await sooner(async () => (await lan.ask(`${OTHER_VIP}:81`)) === 'other', AT_WORST_MS)

  const wrk = (name: string, at: string, ...bodies: string[]) => {
    const script = join(spaces.ledger.dir, `${name}.lua`)
    writeFileSync(script, judging(...bodies))
    return spaces.start('client', name, 'wrk', ['-t1', '-c16', `-d${SECONDS}`, '-s', script, `http://${at}/`])
  }
  const loads = [wrk('far', VIP, 'rs1', 'rs2'), wrk('near', `${OTHER_VIP}:81`, 'other')]
  await sooner(
    async () => (await judge.counted('sport 80')) > 100 && (await judge.counted('sport 81')) > 100,
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
  let changed = 0
  const began = performance.now()
  for (; performance.now() < began + 5000; changed++) {
    const server = servers[changed % 3]!
    if (changed % 5 === 4) {
      await admin('-d', ...server.slice(0, 4))
      await admin('-a', ...server)
    } else await admin('-e', ...server, '-w', String(changed % 4))
    await sleep(Math.max(0, began + changed * 10 - performance.now()))
  }
  for (const server of servers) await admin('-e', ...server, '-w', '1')
  const aSecond = (changed * 1000) / (performance.now() - began)

  for (const load of loads) await load.ended()
  t.strictSame(await judge.faults(), [], 'no frame was wrong')
  for (const [what, atLeast] of [
    ['dport 8080', 500],
    ['@rs1_macs', 500],
    ['@rs2_macs', 500],
    ['@client_macs', 500],
    ['10.66.', 100],
  ] as const)
    t.ok((await judge.counted(what)) > atLeast, `${await judge.counted(what)} frames: ${what}`)
  for (const name of ['far', 'near']) t.match(spaces.logged(name), /wrong bodies: 0\n/, name)
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

await t.test('nothing goes astray while everything changes', { skip, timeout: 200_000 }, async t => {
  const lan = new Lan(new Namespaces(await Ledger.open(`uvs-astray-${process.pid}-`)))
  t.teardown(() => lan.spaces.ledger.remove())
  await lan.build()
  await changes(t, lan)
})
