import t from 'tap'
import { schedulers } from '../../src/sched/index.js'

t.test('the schedulers are found by the names that ipvsadm -s takes', async t => {
  t.strictSame([...schedulers.keys()].toSorted(), 'dh fo lblc lblcr lc mh none nq ovf rr sed sh wlc wrr'.split(' '))
  for (const [name, scheduler] of schedulers) t.equal(scheduler.name, name, name)
})
