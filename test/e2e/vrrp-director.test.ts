import { rmSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { Ledger } from '../../netns-lab/ledger.js'
import { Namespaces } from '../../netns-lab/namespaces.js'
import { sooner, whyNoLan } from './lan.js'
import { Pair, SECOND, VIP } from './vrrp-pair.js'

/*
 * Two directors share a virtual address (vrrp-pair.ts). The master's script fails, it is killed, comes back, the other one is stopped; a
 * client asks the address all the time.
 */

/** On an interface of its own. */
const ANOTHER = `vrrp_instance VI_2 {
  state BACKUP
  interface eth1
  virtual_router_id 52
  priority 150
  version 3
  advert_int 0.2
  virtual_ipaddress {
    10.80.0.100/24
  }
}
`

const skip = await whyNoLan()
t.test('two directors with one virtual address', { skip, timeout: 220_000 }, async t => {
  const pair = new Pair(new Namespaces(await Ledger.open(`uvs-vd-${process.pid}-`)))
  t.teardown(() => pair.spaces.ledger.remove())
  await pair.build()
  pair.write('lb1', 150, [VIP])
  pair.write('lb2', 100, [VIP])
  await Promise.all([pair.start('lb1'), pair.start('lb2')])
  await pair.masterIs('lb1')
  t.comment(`the master answers: ${await pair.answers()} ms`)

  t.match(await pair.seen('lb1'), {
    instances: [
      {
        name: 'VI_1',
        state: 'MASTER',
        // The other may have been master first.
        why: /^(no advert was heard|only lower priorities were heard: 100 from 10\.79\.0\.2)$/,
        priority: 150,
        next: { event: 'advert' },
      },
    ],
    scripts: [{ name: 'chk', state: 'good', why: 'exited with status 0' }],
  })
  // Where the master gets no CPU for three adverts, its backup is master for a moment.
  let backup: unknown
  await sooner(async () => {
    const [seen] = (await pair.seen('lb2')).instances
    backup = seen
    return seen!.state === 'BACKUP'
  }, 60_000)
  t.match(backup, { next: { event: 'master' }, lastAdvert: { source: '10.79.0.1', priority: 150 } })

  writeFileSync(`${pair.path('lb1')}.bad`, '')
  t.comment(`its script fails: ${await pair.masterIs('lb2')} ms; answers after ${await pair.answers()}`)
  t.match(pair.log('lb1'), /\(VI_1\) MASTER to FAULT, priority 150: script chk failed/)
  t.match(await pair.seen('lb1'), {
    instances: [{ state: 'FAULT', why: 'script chk failed', faults: ['script chk failed'] }],
    scripts: [{ name: 'chk', state: 'bad', why: 'failed (exited with status 1)', next: { event: /^(run|result)$/ } }],
  })
  rmSync(`${pair.path('lb1')}.bad`)
  t.comment(`it is good again: ${await pair.masterIs('lb1')} ms`)

  const before = pair.log('lb1').length
  pair.write('lb1', 150, [VIP, SECOND])
  pair.write('lb2', 100, [VIP, SECOND])
  // Who has other addresses refuses the other's adverts.
  pair.signal('lb1', 'SIGHUP')
  await sooner(async () => (await pair.seen('lb2')).instances[0]!.refused['address-count']! > 0, 60_000)
  pair.signal('lb2', 'SIGHUP')
  await sooner(() => pair.holds('lb1', SECOND), 60_000)
  const hasReloaded = /1 virtual servers, 1 vrrp_instances/
  await t.resolves(sooner(async () => hasReloaded.test(pair.log('lb1').slice(before)), 60_000))
  t.notMatch(pair.log('lb1').slice(before), /MASTER to/, 'it stays master')
  await pair.answers()
  pair.write('lb1', 150, [VIP, SECOND], ANOTHER)
  pair.signal('lb1', 'SIGHUP')
  await sooner(async () => pair.log('lb1').includes('(VI_2) BACKUP to MASTER'), 60_000)
  pair.write('lb1', 150, [VIP, SECOND])
  pair.signal('lb1', 'SIGHUP')
  await sooner(async () => pair.log('lb1').includes('(VI_2) MASTER to INIT'), 60_000)
  t.notMatch(pair.log('lb1'), /VI_2\) \w+ to FAULT/, 'the link of an instance that a reload brings is known')
  t.notMatch(pair.log('lb1'), /no advert could be sent/, 'one that it takes away says good-bye')

  await pair.masterIs('lb1')
  pair.signal('lb1', 'SIGKILL')
  const began = performance.now()
  await sooner(() => pair.holds('lb2'), 60_000)
  t.comment(`kill -9: ${Math.round(performance.now() - began)} ms; answers after ${await pair.answers()}`)
  t.ok(await pair.holds('lb1'), 'the address is left on the dead one')
  pair.write('lb1', 90, [VIP, SECOND])
  await pair.start('lb1')
  await pair.masterIs('lb2')
  t.notOk(await pair.holds('lb1', SECOND), 'its next start takes its addresses away')

  pair.signal('lb2', 'SIGTERM')
  t.equal(await pair.ended('lb2'), 0)
  t.comment(`SIGTERM: ${await pair.masterIs('lb1')} ms; answers after ${await pair.answers()}`)
  t.match(pair.log('lb2'), /\(VI_1\) sent 0 priority/)
  t.strictSame(pair.told('lb2').at(-1), 'INSTANCE VI_1 STOP 100')
  t.strictSame(pair.told('lb1').slice(0, 2), ['INSTANCE VI_1 BACKUP 150', 'INSTANCE VI_1 MASTER 150'])
})
