import t from 'tap'
import { addAddress, removeAddress } from '../../../src/linux/rtnetlink/change-address.js'
import { interfaceInfo } from '../../../src/linux/interface.js'
import { parseIpv4 } from '../../../src/wire/addr.js'
import { ip, ownNetwork, veth } from '../own-network.js'

const skip = ownNetwork()
const addrOf = (text: string): NonNullable<ReturnType<typeof parseIpv4>> => parseIpv4(text)!
const shown = (): string => ip('-4 -o addr show dev v0')

t.test('addresses come and go', { skip }, async t => {
  veth('v0', 'v1')
  const { index: ifindex } = interfaceInfo('v0')
  const address = { ifindex, addr: addrOf('192.0.2.100'), prefix: 24 }
  t.equal(addAddress(address), true)
  t.match(shown(), /inet 192\.0\.2\.100\/24 scope global v0/)
  t.equal(addAddress(address), false, 'it is there')
  t.equal(removeAddress({ ...address, prefix: 32 }), false, 'not with this length')
  t.equal(removeAddress(address), true)
  t.equal(shown(), '')
  t.equal(removeAddress(address), false, 'it is gone')
})

t.test('with all that an address may have', { skip }, async t => {
  const { index: ifindex } = interfaceInfo('v0')
  const addr = addrOf('198.51.100.1')
  addAddress({ ifindex, addr, prefix: 30, scope: 253, broadcast: addrOf('198.51.100.3'), label: 'v0:vip' })
  t.match(shown(), /inet 198\.51\.100\.1\/30 brd 198\.51\.100\.3 scope link v0:vip/)
  const withPeer = { ifindex, addr: addrOf('203.0.113.1'), prefix: 32, peer: addrOf('203.0.113.2') }
  addAddress(withPeer)
  t.match(shown(), /inet 203\.0\.113\.1 peer 203\.0\.113\.2\/32/)
  t.equal(removeAddress(withPeer), true)
})

t.test('what the kernel refuses is said', { skip }, async t => {
  t.throws(() => addAddress({ ifindex: 9999, addr: addrOf('192.0.2.1'), prefix: 24 }), /adding an address: .*ENODEV/)
  t.equal(removeAddress({ ifindex: 9999, addr: addrOf('192.0.2.1'), prefix: 24 }), false)
})
