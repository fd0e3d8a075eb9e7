import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { allServices } from '../../src/control/protocol/all-services.js'
import { connectControl } from '../../src/control/socket/client.js'
import { Ledger } from '../../netns-lab/ledger.js'
import { Namespaces } from '../../netns-lab/namespaces.js'
import { ours } from '../../netns-lab/tools.js'
import { tempDir } from '../support/temp.js'
import { Lan, RS1, RS2, sooner, VIP, whyNoLan } from './lan.js'
import { askOn, sharedMs, type LoggedRequest } from './logged-requests.js'
import { unhooked } from './unhooked.js'

/*
 * Which requests fail when a real server dies under load: those that were given to it between its death and its removal, which a perfect
 * checker would have saved by knowing at once. None that begins after its removal, and none while the sorry server answers.
 */

const PORT = 88
const CHECK = 'TCP_CHECK {\n connect_timeout 1\n retry 1\n delay_before_retry 0.5\n warmup 0\n }'
/** delay_loop, then a check, delay_before_retry, a check. */
const LONGEST_MS = 1000 + 1000 + 500 + 1000
/** For a loaded machine: the check itself, and this test's look at the rules. The defaults of delay_loop and connect_timeout take longer. */
const SLACK_MS = 6500

/**
 * rs1 by NAT, rs2 by the method given, checked each second; port 89 of rs1 when neither is up. It stays in the rules, with weight 0: where
 * it leaves them what it has open is cut, as by IPVS.
 */
function configuration(method: 'NAT' | 'DR'): string {
  const servers = [RS1, RS2].map((address, i) => `real_server ${address} ${PORT} {
    lvs_method ${i === 0 ? 'NAT' : method}
    ${CHECK}
  }`) // prettier-ignore
  return `virtual_server ${VIP} ${PORT} {
  delay_loop 1
  lb_algo rr
  lb_kind NAT
  protocol TCP
  sorry_server ${RS1} 89
  sorry_server_inhibit
  ${servers.join('\n  ')}
}
`
}

interface Place {
  readonly lan: Lan
  /** Its real servers in the rules: address, port, weight. */
  readonly servers: () => Promise<string[]>
  readonly serve: (host: 'rs1' | 'rs2') => number
}

/** Waits until the servers in the rules are these. Returns when they were last seen to be others, and first to be these. */
async function becomes({ servers }: Place, expected: readonly string[]): Promise<{ notYetMs: number; soMs: number }> {
  let notYetMs = sharedMs()
  for (const endMs = notYetMs + 60_000; ; await sleep(5)) {
    const askedMs = sharedMs()
    if ((await servers()).join() === expected.join()) return { notYetMs, soMs: sharedMs() }
    if (askedMs > endMs) throw new Error(`not ${expected.join()} in 60 s: ${(await servers()).join()}`)
    notYetMs = askedMs
  }
}

interface Loss {
  readonly deathMs: number
  /** From here on nobody is given the dead server. */
  readonly removedMs: number
}

/** Every failure lies between a death and the removal: no request began to fail before, none that began after it fails. */
function lossesOnlyWhileDead(t: Test, requests: readonly LoggedRequest[], { deathMs, removedMs }: Loss): void {
  const failed = requests.filter(({ why }) => why !== undefined)
  const before = failed.filter(({ toMs }) => toMs < deathMs)
  const after = failed.filter(({ fromMs }) => fromMs > removedMs)
  t.strictSame(before, [], 'none before the death')
  t.strictSame(after, [], 'none that began after the removal')
  const later = requests.filter(({ fromMs, by }) => fromMs > removedMs && by !== undefined)
  t.ok(later.length >= 20, `${later.length} were answered after the removal`)
  const last = failed.length === 0 ? deathMs : Math.max(...failed.map(({ fromMs }) => fromMs))
  const reasons = [...new Set(failed.map(({ why }) => why))].join(', ') || 'none'
  t.comment(
    `removed ${Math.round(removedMs - deathMs)} ms after the death; ${failed.length} of ${requests.length} failed (${reasons}), ` +
      `the last began ${Math.round(last - deathMs)} ms after the death`,
  )
}

async function settle(ms: number): Promise<void> {
  // Not a wait for something: so long is asked while nothing changes.
  await sleep(ms)
}

async function placed(t: Test, method: 'NAT' | 'DR'): Promise<Place> {
  const lan = new Lan(new Namespaces(await Ledger.open(`uvs-kl${method}-${process.pid}-`)))
  const { spaces } = lan
  t.teardown(() => spaces.ledger.remove())
  await lan.build()
  if (method === 'NAT') await spaces.ip('rs2', 'route', 'add', '10.77.0.10/32', 'via', '10.77.0.1')
  let started = 0
  const start = (host: string, name: string, port: number): number =>
    spaces.start(host, `${name}-${started++}`, 'env', unhooked([ours('netns-lab/name-server.js'), name, String(port)]))
      .pid
  const control = connectControl(lan.control)
  t.teardown(() => control.close())
  const servers = async (): Promise<string[]> => {
    const services = await allServices(control)
    if (!services.ok) throw new Error(services.message)
    const found = services.value.find(service => 'port' in service && service.port === PORT)
    return (found?.destinations ?? []).map(({ address, port, weight }) => `${address}:${port}=${weight}`).sort()
  }
  start('rs1', 'sorry', 89)
  return { lan, servers, serve: host => start(host, host === 'rs1' ? 'one' : 'two', PORT) }
}

const ONE = `${RS1}:${PORT}`
const TWO = `${RS2}:${PORT}`
const SORRY = `${RS1}:89`
const BOTH = [`${ONE}=1`, `${SORRY}=0`, `${TWO}=1`].sort()
const ONLY_ONE = [`${ONE}=1`, `${SORRY}=0`]
const skip = await whyNoLan()

await t.test('a process dies, then the other: the sorry server', { skip, timeout: 230_000 }, async t => {
  const place = await placed(t, 'NAT')
  const { lan, serve } = place
  const rs1 = serve('rs1')
  const rs2 = serve('rs2')
  for (const [at, name] of [[ONE, 'one'], [TWO, 'two'], [SORRY, 'sorry']]) await sooner(async () => (await lan.ask(at!, 'director')) === name, 60_000) // prettier-ignore
  const file = `${tempDir(t)}/keepalived.conf`
  writeFileSync(file, configuration('NAT'))
  await lan.start('eth0', '--keepalived', file)
  await becomes(place, BOTH)

  let requests = askOn(lan.spaces, 'client', 'asked-1', [VIP, PORT, 10_000])
  await settle(1500)
  let deathMs = sharedMs()
  process.kill(rs2, 'SIGKILL')
  let { soMs } = await becomes(place, ONLY_ONE)
  t.ok(soMs - deathMs < LONGEST_MS + SLACK_MS, `left after ${Math.round(soMs - deathMs)} ms`)
  await settle(2000)
  lossesOnlyWhileDead(t, await requests(), { deathMs, removedMs: soMs })

  requests = askOn(lan.spaces, 'client', 'asked-2', [VIP, PORT, 10_000])
  await settle(1000)
  deathMs = sharedMs()
  process.kill(rs1, 'SIGKILL')
  soMs = (await becomes(place, [`${SORRY}=1`])).soMs
  t.ok(soMs - deathMs < LONGEST_MS + SLACK_MS, `the sorry server is in after ${Math.round(soMs - deathMs)} ms`)
  await settle(2000)
  const answered = await requests()
  lossesOnlyWhileDead(t, answered, { deathMs, removedMs: soMs })
  t.notOk(answered.some(({ fromMs, by }) => fromMs > soMs && by !== 'sorry' && by !== undefined), 'only the sorry server answers') // prettier-ignore

  requests = askOn(lan.spaces, 'client', 'asked-3', [VIP, PORT, 10_000])
  await settle(500)
  serve('rs1')
  serve('rs2')
  await becomes(place, BOTH)
  await settle(1500)
  const returned = await requests()
  t.strictSame(returned.filter(({ why }) => why !== undefined), [], 'none fails when they come back') // prettier-ignore
  t.strictSame([...new Set(returned.slice(-20).map(({ by }) => by))].sort(), ['one', 'two'])
})

await t.test('a host is gone', { skip, timeout: 230_000 }, async t => {
  const place = await placed(t, 'DR')
  const { lan, serve } = place
  serve('rs1')
  serve('rs2')
  for (const [at, name] of [[ONE, 'one'], [TWO, 'two']]) await sooner(async () => (await lan.ask(at!, 'director')) === name, 60_000) // prettier-ignore
  const file = `${tempDir(t)}/keepalived.conf`
  writeFileSync(file, configuration('DR'))
  await lan.start('eth0', '--keepalived', file)
  await becomes(place, BOTH)
  const control = connectControl(lan.control)
  t.teardown(() => control.close())

  for (const isExpiring of [false, true]) {
    const set = await control.call({ op: 'set-sysctl', name: 'expire_nodest_conn', value: isExpiring ? '1' : '0' })
    t.ok(set.ok, JSON.stringify(set))
    // A SYN is sent again after 1, 3 and 7 s. Without the sysctl nobody answers it: all workers wait so long for the dead host.
    const limitMs = isExpiring ? 9000 : 4000
    const requests = askOn(lan.spaces, 'client', `asked-gone-${isExpiring}`, [VIP, PORT, limitMs])
    await settle(1500)
    const deathMs = sharedMs()
    await lan.spaces.ip('wire', 'link', 'set', 'to-rs2', 'down')
    const goneMs = sharedMs()
    const { soMs } = await becomes(place, ONLY_ONE)
    t.ok(soMs - deathMs < LONGEST_MS + SLACK_MS, `left after ${Math.round(soMs - deathMs)} ms`)
    await settle(isExpiring ? 2500 : limitMs + 1000)
    const answered = await requests()
    lossesOnlyWhileDead(t, answered, { deathMs, removedMs: soMs })
    const late = answered.filter(({ fromMs, toMs, by }) => by === 'one' && fromMs < soMs && toMs > soMs)
    if (isExpiring) {
      // What was open before is reset.
      const lost = answered.filter(({ why, fromMs }) => why !== undefined && fromMs > goneMs)
      t.strictSame(lost, [], 'what waited for the dead host is given to the other')
      t.ok(late.length > 0, `${late.length} requests waited, and were answered by the other`)
    }
    await lan.spaces.ip('wire', 'link', 'set', 'to-rs2', 'up')
    await becomes(place, BOTH)
  }
})
