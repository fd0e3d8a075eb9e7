import t from 'tap'
import { bringUp, ifreq, interfaceInfo } from '../../src/linux/interface.js'
import { formatMac } from '../../src/wire/addr.js'
import { ip, ownNetwork } from './own-network.js'

const skip = ownNetwork()

t.test('a request holds the name and nothing else', async t => {
  const request = ifreq('fifteen-letters')
  t.equal(request.length, 40)
  t.equal(request.toString('latin1'), 'fifteen-letters'.padEnd(40, '\0'))
  for (const name of ['', 'sixteen-letters-', 'a/b', 'a b', 'a:0', 'a\tb', 'üüüüüüüü'])
    t.throws(() => ifreq(name), new RangeError(`'${name}' is no interface's name`), `'${name}'`)
})

t.test('what the kernel knows of an interface', { skip }, async t => {
  ip('link add va mtu 1400 address 02:00:00:00:00:aa type veth peer name vb')
  t.teardown(() => ip('link del va'))
  const { index, mac, mtu, isUp } = interfaceInfo('va')
  t.strictSame(
    [index, formatMac(mac), mtu, isUp],
    [Number(/^\d+/.exec(ip('link show va'))?.[0]), '02:00:00:00:00:aa', 1400, false],
  )
  bringUp('va')
  t.ok(interfaceInfo('va').isUp)
  bringUp('va')
  t.ok(interfaceInfo('va').isUp, 'twice is no harm')
  t.match(ip('link show va'), /BROADCAST,MULTICAST/, 'the other flags are as they were')
})

t.test('an interface that is not there', async t => {
  for (const ask of [interfaceInfo, bringUp])
    t.throws(() => ask('no-such-if'), { message: 'no-such-if: there is no such interface (ENODEV)', code: 'ENODEV' })
})
