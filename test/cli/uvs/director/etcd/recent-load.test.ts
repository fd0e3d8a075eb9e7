import t from 'tap'
import { RecentLoad } from '../../../../../src/cli/uvs/director/etcd/recent-load.js'
import type { Control, OperationName, Reply, Request } from '../../../../../src/control/protocol/api.js'
import { BenchDirector } from '../../../../support/bench-director.js'

t.test('a load is asked for once in a second and a half', async t => {
  const bench = new BenchDirector()
  const asked: string[] = []
  const control: Control = {
    call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
      asked.push(request.op)
      return bench.control.call(request)
    },
  }
  const load = new RecentLoad(control)
  t.match(await load.get(100), { connections: 0, cps: 0 })
  await Promise.all([load.get(101), load.get(1599)])
  t.strictSame(asked, ['totals', 'figures'])
  await load.get(1600)
  await load.get(3099)
  t.equal(asked.length, 4)
})
