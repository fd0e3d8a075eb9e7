import t from 'tap'
import { Ledger } from '../../netns-lab/ledger.js'
import { Namespaces } from '../../netns-lab/namespaces.js'
import { whyNoLan } from './lan.js'
import { Pair, VIP } from './vrrp-pair.js'

/* Two directors of two workers each share a virtual address: VRRP is spoken once, whichever worker an advert comes to. */

const skip = await whyNoLan()
t.test('two directors with --workers 2', { skip, timeout: 400_000 }, async t => {
  const pair = new Pair(new Namespaces(await Ledger.open(`uvs-vw-${process.pid}-`)))
  t.teardown(() => pair.spaces.ledger.remove())
  await pair.build()
  pair.write('lb1', 150, [VIP])
  pair.write('lb2', 100, [VIP])
  await Promise.all([pair.start('lb1', '--workers', '2'), pair.start('lb2', '--workers', '2')])
  await pair.masterIs('lb1')
  t.match(pair.log('lb1'), /2 workers/)
  t.comment(`the master answers: ${await pair.answers()} ms`)
  pair.signal('lb1', 'SIGKILL')
  await pair.ended('lb1')
  // Its kernel has the address still.
  await pair.spaces.ip('wire', 'link', 'set', 'to-lb1', 'down')
  t.comment(`killed: answers after ${await pair.answers()} ms`)
  t.ok(await pair.holds('lb2'))
  await pair.spaces.ip('wire', 'link', 'set', 'to-lb1', 'up')
  await pair.start('lb1', '--workers', '2')
  t.comment(`back again: ${await pair.masterIs('lb1')} ms; answers after ${await pair.answers()} ms`)
  pair.signal('lb1', 'SIGTERM')
  t.comment(`SIGTERM: ${await pair.masterIs('lb2')} ms; answers after ${await pair.answers()} ms`)
  t.equal(await pair.ended('lb1'), 0)
  t.notMatch(`${pair.log('lb1')}${pair.log('lb2')}`, /refused|Invalid|unexpected/)
  pair.signal('lb2', 'SIGTERM')
  t.equal(await pair.ended('lb2'), 0)
})
