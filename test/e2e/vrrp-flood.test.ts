import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Ledger } from '../../netns-lab/ledger.js'
import { Namespaces } from '../../netns-lab/namespaces.js'
import { ours } from '../../netns-lab/tools.js'
import { whyNoLan } from './lan.js'
import { unhooked } from './unhooked.js'
import { Pair, VIP } from './vrrp-pair.js'

/* A master and its backup are flooded with adverts that are wrong in one way each, while a client's requests go on. */

const [SECONDS, ADVERTS] = [8, 20_000]

/** What is said of each kind at its first one; of VRIDs that nobody has nothing is. */
const SAID = [
  /\(VI_1\) invalid TTL\/HL. Received 254/,
  /\(VI_1\) Invalid VRRPv3 checksum/,
  /VRRP packet too short - 26 bytes/,
  /\(VI_1\) vrrp packet too long/,
  /\(VI_1\) wrong version. Received 2/,
  /\(VI_1\) Invalid packet type. 2/,
  /\(VI_1\) received an unexpected ip number count 2/,
  /\(VI_1\) ip address associated with VRID 51 not present/,
]

const REASONS = ['ttl', 'checksum', 'length', 'version', 'type', 'address-count', 'addresses'] as const

const skip = await whyNoLan()
t.test('a flood of bad adverts changes nothing', { skip, timeout: 400_000 }, async t => {
  const pair = new Pair(new Namespaces(await Ledger.open(`uvs-vf-${process.pid}-`)))
  t.teardown(() => pair.spaces.ledger.remove())
  await pair.build()
  // As by default: two CPUs that are shared are late by more than the wait of shorter ones.
  pair.write('lb1', 150, [VIP], '', 1)
  pair.write('lb2', 100, [VIP], '', 1)
  await Promise.all([pair.start('lb1'), pair.start('lb2')])
  await pair.masterIs('lb1')
  await pair.answers()
  const steady = pair.spaces.start(
    'client',
    'steady',
    'env',
    unhooked([ours('test/e2e/steady.js'), '10.79.0.10', `${VIP}:80`]),
  )
  const answered = (): number[] =>
    readFileSync(steady.log, 'utf8')
      .split('\n')
      .flatMap(line => (line.startsWith('rs ') ? [Number(line.split(' ')[2])] : []))
  await sleep(3000)
  const before = { lb1: pair.log('lb1').length, lb2: pair.log('lb2').length, answers: answered().length }

  const flood = ['eth0', VIP, '10.79.0.66', String(SECONDS), String(ADVERTS)]
  const { out, err } = await pair.spaces.run('client', 'env', unhooked([ours('test/e2e/advert-flood.js'), ...flood]))
  t.match(out, /^[1-9]\d{3,} sent, 0 not/, err)
  const during = answered().slice(before.answers)
  const gaps = during.map((at, i) => at - (during[i - 1] ?? at))
  t.comment(
    `${out.trim()}; ${during.length} answers, ${before.answers} in 3 s before, ${Math.max(...gaps)} ms at most between two`,
  )
  t.ok(during.length > 20, 'requests are answered all the while')
  // Longer than the wait for a silent master.
  await sleep(4000)
  for (const name of ['lb1', 'lb2'] as const) {
    const said = pair.log(name).slice(before[name])
    t.notMatch(said, / to (MASTER|BACKUP|FAULT)/, `${name} stays what it is`)
    for (const text of SAID) t.match(said, text, name)
    t.ok(said.split('\n').length < 40, `${name} says little of it`)
  }
  for (const name of ['lb1', 'lb2'] as const) {
    const [seen] = (await pair.seen(name)).instances
    const counts = Object.entries(seen!.refused).filter(([, count]) => count! > 0)
    t.comment(`${name}, ${seen!.state}, refused: ${counts.map(([reason, count]) => `${reason} ${count}`).join(', ')}`)
    for (const reason of REASONS) t.ok(seen!.refused[reason]! > 100, `${name} counts ${reason}`)
  }
  t.ok(await pair.holds('lb1'))
  t.notOk(await pair.holds('lb2'))
  process.kill(steady.pid, 'SIGKILL')
})
