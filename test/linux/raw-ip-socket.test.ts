import t from 'tap'
import { interfaceInfo } from '../../src/linux/interface.js'
import { RawIpSocket } from '../../src/linux/raw-ip-socket.js'
import { parseIpv4 } from '../../src/wire/addr.js'
import { hex } from '../support/octets.js'
import { forged } from '../keepalived/vrrp/forged.js'
import { ip, ownNetwork, veth } from './own-network.js'

const skip = ownNetwork()
const GROUP = parseIpv4('224.0.0.18')!

t.test('packets of one protocol go out by one interface and come in by another', { skip }, async t => {
  veth('v0', 'v1')
  ip('addr add 192.0.2.3/24 dev v0')
  ip('addr add 192.0.2.4/24 dev v1')
  const [sender, receiver] = ['v0', 'v1'].map(name => new RawIpSocket(112, name, interfaceInfo(name).index))
  receiver!.join(GROUP)
  sender!.join(GROUP)
  // A packet of this host's own address would be dropped as a martian at its other interface.
  const packet = forged({ source: '192.0.2.77' })
  t.equal(sender!.send(packet, GROUP), 0)
  let octets = 0
  for (let tries = 0; tries < 2000 && octets === 0; tries++) {
    octets = receiver!.receive()
    if (octets === 0) await new Promise(resolve => setTimeout(resolve, 10))
  }
  t.equal(hex(new Uint8Array(receiver!.view.buffer, receiver!.view.byteOffset, octets)), hex(packet))
  t.equal(receiver!.receive(), 0)
  t.equal(sender!.receive(), 0, 'it does not hear itself')
  ip('link set v0 down')
  t.not(sender!.send(packet, GROUP), 0, 'an errno where it is down')
  sender!.close()
  receiver!.close()
})

t.test('what cannot be had is said', { skip }, async t => {
  t.throws(() => new RawIpSocket(112, 'nope', 99), /binding to nope: .*ENODEV/)
})
