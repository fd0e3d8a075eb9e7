import t from 'tap'
import { Ledger } from '../../netns-lab/ledger.js'
import { Namespaces } from '../../netns-lab/namespaces.js'
import { which } from '../../netns-lab/tools.js'
import { heldBy, stillThere } from './held-by.js'
import { Lan, RS1, sooner, VIP, whyNoLan } from './lan.js'

/* A director that has handed flows to the program ends: the kernel has nothing of it any more. */

const PATIENCE_MS = 30_000
const skip = (await whyNoLan()) || (which('wrk') ? false : 'wrk is not installed')

await t.test('no program, map or link is left after SIGKILL and SIGTERM', { skip, timeout: 200_000 }, async t => {
  const lan = new Lan(new Namespaces(await Ledger.open(`uvs-left-${process.pid}-`)))
  t.teardown(() => lan.spaces.ledger.remove())
  await lan.build()
  for (const signal of ['SIGKILL', 'SIGTERM']) {
    const { pid } = await lan.start('eth0', '--offload', '0')
    await lan.admin('-A', '-t', `${VIP}:80`, '-s', 'rr')
    await lan.admin('-a', '-t', `${VIP}:80`, '-r', `${RS1}:80`, '-m')
    await lan.resumes()
    lan.spaces.start('client', `wrk-${signal}`, 'wrk', ['-t1', '-c8', '-d300', `http://${VIP}/`])
    const flows = async (): Promise<number> =>
      (JSON.parse(await lan.uvs('offload', '--json')) as { offload: { counts: { flows: number } } }).offload.counts
        .flows
    await sooner(async () => (await flows()) > 0, PATIENCE_MS)
    const held = heldBy(pid)
    for (const [kind, ids] of Object.entries(held)) t.ok(ids.length > 0, `it holds ${kind}s: ${ids.join(', ')}`)
    t.ok(stillThere(held).length > 5, stillThere(held).join(', '))
    process.kill(pid, signal)
    await sooner(async () => stillThere(held).length === 0, PATIENCE_MS).catch(() => {})
    t.strictSame(stillThere(held), [])
    t.equal(await lan.ask(`${VIP}:80`), 'kernel', signal)
  }
})
