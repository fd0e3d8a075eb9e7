import t from 'tap'
import { AppliedServices } from '../../../../../src/cli/uvs/director/etcd/applied-services.js'
import type { ServiceInfo } from '../../../../../src/control/protocol/api.js'
import { randomFrom } from '../../../../support/random.js'

const service = (mark: number, weights: readonly number[]): ServiceInfo =>
  ({ mark, destinations: weights.map(weight => ({ weight })) }) as unknown as ServiceInfo
const downOf = (each: ServiceInfo): number => each.destinations.filter(({ weight }) => weight === 0).length

t.test('counts are those of a walk, whatever comes and goes', t => {
  const random = randomFrom(18)
  const some = (most: number): number => Math.floor(random() * most)
  const applied = new AppliedServices([service(1, [0]), service(2, [1, 0])])
  for (let i = 0; i < 2000; i++) {
    const mark = some(20)
    if (random() < 0.3) applied.delete(`mark ${mark}`)
    else
      applied.set(
        service(
          mark,
          Array.from({ length: some(4) }, () => some(2)),
        ),
      )
    const all = [...applied.values()]
    const walked = {
      size: all.length,
      realServers: all.reduce((sum, { destinations }) => sum + destinations.length, 0),
      realServersDown: all.reduce((sum, each) => sum + downOf(each), 0),
      servicesDown: all.filter(each => downOf(each) === each.destinations.length).length,
      partlyDown: all.filter(each => downOf(each) > 0).length,
    }
    const { size, realServers, realServersDown, servicesDown, partlyDown } = applied
    const counted = { size, realServers, realServersDown, servicesDown, partlyDown: partlyDown.size }
    if (JSON.stringify(counted) !== JSON.stringify(walked)) t.strictSame(counted, walked, `after ${i} steps`)
  }
  t.ok(applied.size > 5)
  t.end()
})
