import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { Ledger } from '../../netns-lab/ledger.js'
import { Namespaces } from '../../netns-lab/namespaces.js'
import { identify, isAlive, until } from '../../netns-lab/proc.js'
import { inTime } from './in-time.js'
import { DIP, Lan, RS1, RS2, sooner, VIP, whyNoLan } from './lan.js'
import { unhooked } from './unhooked.js'

/*
 * What is around a director beside the kernel changes while a client, behind a router, asks without a pause: balanced traffic
 * resumes within a second.
 */

const STEADY = join(dirname(fileURLToPath(import.meta.url)), 'steady.js')
const CLIENT = '10.88.0.10'
const [ROUTER, NOBODY] = ['10.77.0.10', '10.77.0.99']
const MAC = '02:00:00:00:77:01'
const WITHIN_MS = 1000
/** On a machine that does much else. */
const AT_WORST_MS = 30_000
/** Nobody answers for so long where there is no way, ms. */
const SILENCE_MS = 700
const FLAPS = 100
const ROUNDS = 5

/** The director's second interface, the ways to the client, and a client that asks. An address is where the kernel has it. */
async function surround(lan: Lan): Promise<{ log: string }> {
  const { spaces } = lan
  await makeSecond(spaces)
  await spaces.must('director', 'sysctl', ['-qw', 'net.ipv4.conf.all.arp_ignore=1'])
  await spaces.ip('director', 'addr', 'del', `${VIP}/32`, 'dev', 'lo')
  await spaces.ip('director', 'addr', 'add', `${VIP}/32`, 'dev', 'eth0')
  await spaces.ip('client', 'addr', 'add', `${CLIENT}/32`, 'dev', 'lo')
  await spaces.ip('rs1', 'route', 'add', 'default', 'via', DIP)
  await spaces.ip('rs2', 'route', 'add', 'default', 'via', ROUTER)
  await spaces.ip('director', 'route', 'add', 'default', 'via', ROUTER)
  return spaces.start('client', 'steady', 'env', unhooked([STEADY, CLIENT, `${VIP}:80`]))
}

/** Makes the director's second interface, with these addresses. */
async function makeSecond(spaces: Namespaces, ...cidrs: string[]): Promise<void> {
  const peer = ['peer', 'name', 'to-director1', 'netns', spaces.full('wire')]
  await spaces.ip('director', 'link', 'add', 'eth1', 'address', MAC, 'type', 'veth', ...peer)
  await spaces.ip('wire', 'link', 'set', 'to-director1', 'master', 'br0', 'up')
  for (const cidr of cidrs) await spaces.ip('director', 'addr', 'add', cidr, 'dev', 'eth1')
  await spaces.ip('director', 'link', 'set', 'eth1', 'up')
}
/** What an address's new holder announces, for `ip` does not. */
async function forget(spaces: Namespaces): Promise<void> {
  for (const name of ['client', 'rs1']) await spaces.ip(name, 'neigh', 'flush', 'all')
}

/** When both real servers had answered what was asked after then, ms of the wall clock; NaN as long as they have not. */
function answeredAt(log: string, after: number): number {
  const answers = readFileSync(log, 'utf8')
    .split('\n')
    .map(line => line.split(' '))
    .filter(([, began]) => Number(began) >= after)
  const first = ['rs1', 'rs2'].map(name => Number(answers.find(([who]) => who === name)?.[2]))
  return Math.max(...first)
}

/** What a director holds: file descriptors, its namespace's packet sockets, their rings. */
function held(pid: number): { fds: number; sockets: number; maps: number } {
  const count = (file: string, what: RegExp): number =>
    readFileSync(`/proc/${pid}/${file}`, 'utf8').match(what)?.length ?? 0
  const fds = readdirSync(`/proc/${pid}/fd`).length
  return { fds, sockets: count('net/packet', /^[0-9a-f]{8}/gm), maps: count('maps', /socket:/g) }
}

async function changes(t: Test, lan: Lan, workers: number): Promise<void> {
  const { spaces } = lan
  const ip = (...words: string[]): Promise<void> => spaces.ip('director', ...words)
  const byRouter = (router: string): Promise<void> => ip('route', 'replace', 'default', 'via', router)
  const { log } = await surround(lan)
  const director = await lan.start('eth0,eth1', '--workers', String(workers))
  await lan.admin('-A', '-t', `${VIP}:80`, '-s', 'rr')
  await lan.admin('-a', '-t', `${VIP}:80`, '-r', `${RS1}:80`, '-m')
  await lan.admin('-a', '-t', `${VIP}:80`, '-r', `${RS2}:80`, '-g')
  const resumes = async (): Promise<number> => {
    const since = Date.now()
    await until(() => !Number.isNaN(answeredAt(log, since)), AT_WORST_MS)
    return answeredAt(log, since) - since
  }
  const resumesAtLast = async (what: string): Promise<void> => {
    t.ok((await resumes()) < AT_WORST_MS, what)
  }
  /** Changes something, and both real servers answer again within a second. */
  const resumesSoon = (what: string, change: () => Promise<void>, undo = async () => {}): Promise<void> => {
    const doIt = async (): Promise<number> => {
      await change()
      return resumes()
    }
    const undone = async (): Promise<number> => {
      await undo()
      return resumes()
    }
    return inTime(t, what, WITHIN_MS, { doIt, undo: undone })
  }
  const isSilent = async (): Promise<boolean> => {
    const since = Date.now()
    return !(await until(() => !Number.isNaN(answeredAt(log, since)), SILENCE_MS))
  }
  /** An address goes from one interface to another. */
  const move = async (cidr: string, from: string, to: string): Promise<void> => {
    await ip('addr', 'del', cidr, 'dev', from)
    await ip('addr', 'add', cidr, 'dev', to)
    if (cidr.startsWith(DIP)) await byRouter(ROUTER)
    await forget(spaces)
  }
  const times = (what: RegExp): number => director.said().match(what)?.length ?? 0
  await sooner(async () => !Number.isNaN(answeredAt(log, 0)), 30_000)
  const before = held(director.pid)
  const isBefore = (): boolean => JSON.stringify(held(director.pid)) === JSON.stringify(before)

  await resumesSoon(`the link has flapped ${FLAPS} times`, async () => {
    for (let flap = 0; flap < FLAPS; flap++) for (const way of ['down', 'up']) await ip('link', 'set', 'eth0', way)
    await byRouter(ROUTER)
  })
  await resumesSoon('the default route is another', async () => {
    await byRouter(NOBODY)
    await t.resolves(sooner(isSilent, AT_WORST_MS), 'no answer by a router that is not there')
    await byRouter(ROUTER)
  })
  for (const [cidr, what] of [
    [`${VIP}/32`, 'the VIP is on another interface'],
    [`${DIP}/24`, "the director's own address is, too"],
  ] as const)
    await resumesSoon(
      what,
      () => move(cidr, 'eth0', 'eth1'),
      () => move(cidr, 'eth1', 'eth0'),
    )

  const took: number[] = []
  for (let round = 1; round <= ROUNDS; round++) {
    await ip('link', 'del', 'eth1')
    t.ok(await until(() => times(/eth1 is gone$/gm) === round, AT_WORST_MS), `gone, ${round}`)
    await makeSecond(spaces, `${DIP}/24`, `${VIP}/32`)
    await byRouter(ROUTER)
    took.push(await resumes())
    t.ok(await until(() => times(/eth1 is back$/gm) === round, AT_WORST_MS), `by all workers, ${round}`)
  }
  t.ok(Math.min(...took) < WITHIN_MS, `the interface is made again: after ${took.join(', ')} ms`)
  t.ok(
    await until(() => isBefore(), AT_WORST_MS),
    `nothing has leaked: ${JSON.stringify([before, held(director.pid)])}`,
  )
  t.equal(times(/\n/g), 1 + 2 * ROUNDS, `all that was said: ${director.said()}`)

  const second = [`${DIP}/24`, `${VIP}/32`]
  await ip('link', 'set', 'eth1', 'down')
  await ip('link', 'set', 'eth1', 'name', 'ethx')
  t.ok(await until(() => director.said().includes('eth1 is called ethx now'), AT_WORST_MS))
  await spaces.must('director', 'sh', ['-c', 'ip link set ethx name eth1; ip link set eth1 up; ip link del eth1'])
  t.ok(await until(() => times(/(eth1|ethx) is gone/g) === ROUNDS + 1, AT_WORST_MS))
  await makeSecond(spaces, ...second)
  await byRouter(ROUTER)
  await resumesAtLast('it was renamed, renamed back and deleted at once, and is made again')

  t.ok(await until(() => times(/eth1 is back/g) === ROUNDS + 1, AT_WORST_MS), 'by all workers')
  const [here, wire] = ['director', 'wire'].map(name => spaces.full(name))
  const away = `ip link set eth1 netns ${wire} && ip -n ${wire} link set eth1 netns ${here}`
  const again = second.map(cidr => `ip addr add ${cidr} dev eth1`).join(' && ')
  await spaces.must('director', 'sh', ['-c', `${away} && ${again} && ip link set eth1 up`])
  await byRouter(ROUTER)
  await resumesAtLast('it was in another namespace for a moment, and has its number')
  t.ok(await until(() => times(/eth1 is back/g) === ROUNDS + 2, AT_WORST_MS), 'by all workers')
  t.ok(
    await until(() => isBefore(), AT_WORST_MS),
    `nothing has leaked then, either: ${JSON.stringify(held(director.pid))}`,
  )

  const id = identify(director.pid)!
  process.kill(director.pid, 'SIGTERM')
  t.ok(await until(() => !isAlive(id), AT_WORST_MS), 'it ends')
  t.equal(await lan.ask(`${VIP}:80`), 'kernel')
  const packetSockets = await spaces.must('director', 'tail', ['-n', '+2', '/proc/net/packet'])
  t.equal(packetSockets, '', 'nothing is left behind')
}

const skip = await whyNoLan()
for (const workers of [1, 2])
  await t.test(`what is around it changes under load; workers: ${workers}`, { skip, timeout: 400_000 }, async t => {
    const lan = new Lan(new Namespaces(await Ledger.open(`uvs-changes${workers}-${process.pid}-`)))
    t.teardown(() => lan.spaces.ledger.remove())
    await lan.build()
    await changes(t, lan, workers)
  })
