import t from 'tap'
import { EthernetView } from '../../src/wire/ethernet.js'
import { Ipv4View } from '../../src/wire/ipv4.js'
import { NOWHERE } from '../../src/wire/view.js'

t.test('a view that points nowhere yet throws when read', async t => {
  t.equal(NOWHERE.byteLength, 0)
  t.throws(() => new EthernetView().type, RangeError)
  t.throws(() => new Ipv4View().totalLen, RangeError)
})
