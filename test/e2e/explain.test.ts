import t from 'tap'
import { rules } from '../../native-free/lab-plan.js'
import { NetnsLab } from '../../netns-lab/netns-lab.js'
import { patternHash } from '../../netns-lab/pattern.js'
import { PLANS } from '../../netns-lab/plans.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { explainNext } from '../../src/cli/uvs/explain/explain.js'
import type { Control, OffloadInfo } from '../../src/control/protocol/api.js'
import type { Explanation } from '../../src/control/protocol/explain.js'
import { connectControl } from '../../src/control/socket/client.js'
import { probeIn, startWithRules } from './end-to-end.js'

/* Packets of a flow that the flow program forwards are explained while it goes on; who watches others does not disturb it. */

/** One download, not several: between two, a packet of a flow that ends is as good an answer as one of a flow that lives. */
const OCTETS = 400_000_000
const plan = PLANS.nat
const skip = (await whyNoNamespaces()) ?? false

await t.test('nat on raw, --offload 0', { skip, timeout: 230_000 }, async t => {
  const lab = await NetnsLab.build({ prefix: `uvs-e2e-explain-${process.pid}-`, plan, io: 'raw', web: { node: true } })
  t.teardown(() => lab.remove())
  const { control: path } = await startWithRules(lab, rules(plan), '--offload', '0')
  const control = connectControl(path)
  t.teardown(() => control.close())
  const probe = probeIn(lab)
  await probe(['get', lab.url])
  let hashes: unknown[] | undefined
  const download = probe(['hash', `${lab.url}octets/${OCTETS}`]).then(done => (hashes = done))
  const inTheMiddle = async (): Promise<number> => {
    for (const before = await forwarded(control); ;) {
      const packets = (await forwarded(control)) - before
      if (packets > 500 || hashes) return packets
    }
  }
  t.ok((await inTheMiddle()) > 500, 'the program forwards the download')
  const others = { op: 'watch', filter: 'port 81 or tcp[tcpflags] & tcp-syn != 0', count: 1 } as const
  const before = await offloadOf(control)
  t.match(await control.call(others), { ok: true })
  t.ok((await inTheMiddle()) > 500, 'and while somebody watches another port')
  const after = await offloadOf(control)
  t.match(after, { balanced: before.balanced, here: { watched: 0 } }, 'none of its packets has come up')
  await control.call({ op: 'unwatch' })
  const explained: Explanation[] = []
  const wanted = { filter: 'tcp dst port 80 and not tcp[tcpflags] & (tcp-syn|tcp-fin) != 0', count: 5, waitMs: 60_000 }
  t.equal(await explainNext(control, wanted, each => explained.push(each)), 0)
  t.strictSame(
    explained.map(({ verdict, connection }) => [verdict, connection?.state]),
    Array.from({ length: 5 }, () => ['balanced', 'ESTABLISHED']),
  )
  for (const { steps } of explained)
    t.match(steps.slice(-2), [
      { step: 'sent', taken: true },
      { step: 'offload', way: 'inbound', standing: 'watched' },
    ])
  if (!hashes) t.ok((await inTheMiddle()) > 500, 'and does again')
  await download
  t.strictSame(hashes, [patternHash(OCTETS)])
})

async function offloadOf(control: Control): Promise<OffloadInfo> {
  const reply = await control.call({ op: 'offload' })
  if (!reply.ok) throw new Error(reply.message)
  return reply.value
}
/** Packets that the program has forwarded so far. */
async function forwarded(control: Control): Promise<number> {
  const { counts } = await offloadOf(control)
  return counts.packets
}
