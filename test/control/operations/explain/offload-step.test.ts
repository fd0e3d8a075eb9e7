import t from 'tap'
import { offloadText } from '../../../../src/cli/uvs/explain/offload-text.js'
import type { ExplainedOffload, Explanation } from '../../../../src/control/protocol/explain.js'
import { Story } from '../../../../src/control/operations/explain/story.js'
import { BenchDirector, fromClient, fromServer, VIP } from '../../../support/bench-director.js'
import { icmp4, packetOf, tcp4, udp4 } from '../../../support/frames.js'
import { SimulatedFlows } from '../../../support/simulated-flows.js'

type Options = ConstructorParameters<typeof BenchDirector>[0]

/** A director with a flow program, and what its last step is of a frame that comes while somebody watches. */
function withProgram(options: Options = {}) {
  const program = new SimulatedFlows()
  const bench = new BenchDirector({ offload: program, ...options })
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
  bench.serve('udp', `${VIP}:53`, '10.99.2.11:53')
  const watched = (link: string, frame: Uint8Array): ExplainedOffload | undefined => {
    let told: Explanation | undefined
    bench.director.watchBy(
      (on, slab, at, len) => new Story(bench.director, bench.now, on, slab, at, len, tell => void (told = tell())),
    )
    bench.turn(link, frame)
    bench.director.watchBy(undefined)
    const last = told?.steps.at(-1)
    return last?.step === 'offload' ? last : undefined
  }
  return { bench, program, watched }
}
const query = udp4(`10.99.1.10:1024 > ${VIP}:53`, { ...fromClient, payload: 8 })
const answer = udp4('10.99.2.11:53 > 10.99.1.10:1024', { ...fromServer(), payload: 8 })

t.test('a flow that the program forwarded until it was watched', async t => {
  const { bench, watched } = withProgram()
  for (const _ of [1, 2, 3]) {
    bench.turn('c', query)
    bench.turn('r', answer)
  }
  t.equal(bench.director.flows!.figures.flows, 2)
  t.strictSame(watched('c', query), { step: 'offload', way: 'inbound', standing: 'watched' })
  t.strictSame(watched('r', answer), { step: 'offload', way: 'outbound', standing: 'watched' })
  t.match(offloadText({ step: 'offload', way: 'inbound', standing: 'watched' }), /until the watch ends/)
})

t.test('a new flow: how many packets it lacks, then only the watch keeps it', async t => {
  const { watched } = withProgram({ offloadAfter: 3 })
  const young = { step: 'offload', way: 'inbound', standing: 'young', after: 3 } as const
  t.strictSame(watched('c', query), { ...young, packets: 1 })
  t.strictSame(watched('c', query), { ...young, packets: 2 })
  t.strictSame(watched('c', query), { step: 'offload', way: 'inbound', standing: 'watched' })
  t.match(offloadText({ ...young, packets: 1 }), /after 2 more .*1 of 3/)
})

t.test('why it does not forward them', async t => {
  const { bench, program, watched } = withProgram()
  t.match(watched('c', tcp4(`10.99.1.10:1 > ${VIP}:80`, { ...fromClient, flags: 'S' })), { standing: 'changing' })
  bench.turn('c', query)
  program.served = ['r']
  t.match(watched('c', query), { standing: 'noProgram' })
  program.served = ['c']
  for (const _ of [1, 2]) bench.turn('c', query)
  t.match(watched('c', query), { standing: 'noWay' })
})

t.test('no flow, or no program: it says nothing', async t => {
  const { watched } = withProgram()
  t.equal(watched('c', tcp4(`10.99.1.10:1 > ${VIP}:81`, { ...fromClient, flags: 'S' })), undefined)
  watched('c', query)
  const quoted = packetOf(udp4('10.99.1.10:1024 > 10.99.2.11:53', { payload: 8 }))
  const error = icmp4('10.99.2.11 > 10.99.1.10', { type: 3, code: 3, ...fromServer(), payload: quoted })
  t.equal(watched('r', error), undefined, 'an ICMP error about a flow')
})
