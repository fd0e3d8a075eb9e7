import { once } from 'node:events'
import t, { type Test } from 'tap'
import { closeFlowMaps, makeFlowMaps } from '../../src/ebpf/flow-maps.js'
import { ProgramFlows } from '../../src/ebpf/program-flows.js'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { RawDevice } from '../../src/io/raw-device.js'
import { interfaceInfo } from '../../src/linux/interface.js'
import { COUNT_LOW, EPOCH_STEP, FlowForm, PACKET_BITS, SLOT_WORDS } from '../../src/packet/flow-slot.js'
import { VNET_LEN, type Slab } from '../../src/packet/frame.js'
import { formatMac, type MacAddr } from '../../src/wire/addr.js'
import { OtherNetwork } from '../linux/other-network.js'
import { ip, ownNetwork, veth } from '../linux/own-network.js'
import { tcp4 } from '../support/frames.js'
import { checksum, concat, pseudoHeader, sum, u16 } from '../support/octets.js'
import { fillSlot, keyOf, keyText } from './flow-bench.js'

/*
 * A client and a server with sockets, the flow program between them: NAT both ways by slots that stand here. What comes up, SYN and
 * FIN, is translated here, slowly.
 */

const skip = ownNetwork()
const ANSWER = new URL('../io/answer-octets.js', import.meta.url).pathname
const [CLIENT, VIP, GATEWAY, SERVER] = ['10.0.1.7', '10.0.1.100', '10.0.2.1', '10.0.2.11']
const PORTS = [40_000, 40_001]
const OCTETS = 20_000_000
const MTU = 1500

/** An end of a wire that the director has, and whoever is at the other end. */
interface Side {
  readonly device: RawDevice
  readonly network: OtherNetwork
  readonly theirs: MacAddr
}

function side(t: Test, near: string, theirAddr: string, ourAddr: string, programFd: number): Side {
  const far = `${near}-far`
  veth(near, far)
  const theirs = interfaceInfo(far).mac
  const network = new OtherNetwork()
  network.take(far, `${theirAddr}/24`)
  const device = new RawDevice(near, { front: { mode: 'exclusive', programFd } })
  network.run('ip', ...`neigh replace ${ourAddr} lladdr ${formatMac(device.mac)} dev ${far}`.split(' '))
  t.teardown(() => {
    device.close()
    ip(`link del ${near}`)
    network.close()
  })
  return { device, network, theirs }
}

/** How a direction's frames come in and leave: a frame each. */
interface Direction {
  readonly before: Uint8Array
  readonly after: Uint8Array
}
const eth = (from: MacAddr, to: MacAddr): object => ({ eth: `${formatMac(from)} > ${formatMac(to)}`, flags: 'A' })
function directions(
  { device: c, theirs: client }: Side,
  { device: r, theirs: server }: Side,
  port: number,
): Direction[] {
  return [
    {
      before: tcp4(`${CLIENT}:${port} > ${VIP}:80`, eth(client, c.mac)),
      after: tcp4(`${CLIENT}:${port} > ${SERVER}:8080`, { ...eth(r.mac, server), ttl: 63 }),
    },
    {
      before: tcp4(`${SERVER}:8080 > ${CLIENT}:${port}`, eth(server, r.mac)),
      after: tcp4(`${VIP}:80 > ${CLIENT}:${port}`, { ...eth(c.mac, client), ttl: 63 }),
    },
  ]
}

/** Makes a frame that came up what leaves: MACs, addresses, ports, TTL; its checksums anew, or what a device needs of them. */
function translate({ bytes, view }: Slab, at: number, after: Uint8Array): void {
  bytes.set(after.subarray(0, 12), at)
  bytes.set(after.subarray(26, 38), at + 26)
  bytes[at + 22]!--
  bytes.fill(0, at + 24, at + 26)
  bytes.set(u16(checksum(bytes.slice(at + 14, at + 34))), at + 24)
  const segment = view.getUint16(at + 16) - 20
  const pseudo = pseudoHeader(after.slice(26, 30), after.slice(30, 34), 6, segment)
  bytes.fill(0, at + 50, at + 52)
  const isPartial = (bytes[at - VNET_LEN]! & 1) !== 0
  const check = isPartial ? sum(pseudo) : checksum(concat(pseudo, bytes.slice(at + 34, at + 34 + segment)))
  bytes.set(u16(check), at + 50)
}

t.test('a connection of real sockets, NAT both ways', { skip, timeout: 120_000 }, async t => {
  const maps = makeFlowMaps({ capacity: 10, hops: 2 })
  const table = new ProgramFlows(maps)
  const front = new ProgramFront({ flows: maps })
  const sides = [
    side(t, 'c', CLIENT, VIP, front.programFd('exclusive')),
    side(t, 'r', SERVER, GATEWAY, front.programFd('exclusive')),
  ] as const
  const [{ network: client }, { network: server }] = sides
  server.run('ip', ...`route add default via ${GATEWAY}`.split(' '))
  client.run('sh', '-c', `echo ${PORTS.join(' ')} > /proc/sys/net/ipv4/ip_local_port_range`)

  table.setEpoch(EPOCH_STEP)
  sides.forEach(({ device: { name, mac }, theirs }, i) => {
    table.setLink(i, interfaceInfo(name).index)
    table.setHop(i, { index: i, name, mac, mtu: MTU, isBeside: false, claims: false }, theirs)
  })
  const all = PORTS.flatMap(port => directions(...sides, port))
  const slots = all.map(({ before, after }, i) => {
    const flow = { slot: table.claim(keyOf(before)), form: FlowForm.TRANSLATED }
    t.ok(flow.slot > 0)
    fillSlot(table.slots, flow, before, after, { hop: 1 - (i % 2), mtu: MTU, epoch: EPOCH_STEP })
    return flow.slot
  })

  const answering = server.spawn(process.execPath, ANSWER, '8080')
  t.teardown(() => answering.kill('SIGKILL'))
  await once(answering.stdout!, 'data')
  let came = 0
  const said: string[] = []
  const asked = client
    .program('../io/send-octets.js', VIP, '80', String(OCTETS), '60000')
    .then(answer => said.push(answer))
  while (said.length === 0) {
    sides.forEach(({ device }, i) => {
      const { device: other } = sides[1 - i]!
      const frame = (slab: Slab, at: number, len: number): void => {
        const known = all.find(({ before }) => keyText(before) === keyText(slab.bytes.slice(at, at + 38)))
        if (!known) return
        translate(slab, at, known.after)
        other.transmit(slab, at, len)
        came++
      }
      device.receive({ frame }, 64)
      other.flush()
      device.release()
    })
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  await asked
  t.strictSame(said, [`${OCTETS} octets at 8080`])
  t.ok(came >= 4 && came < 200, `${came} frames came up`)
  const counts = new BigInt64Array(table.slots.buffer)
  const counted = (way: number): bigint =>
    [way, way + 2].reduce((sum, i) => sum + counts[(slots[i]! * SLOT_WORDS + COUNT_LOW) / 2]!, 0n)
  const [inbound, outbound] = [counted(0), counted(1)]
  t.ok(inbound >> BigInt(PACKET_BITS) > BigInt(OCTETS / 2), `${inbound >> 24n} octets inbound`)
  t.ok((outbound & 0xffffffn) > 10n, `${outbound & 0xffffffn} packets outbound`)
  t.equal(table.lost, 0)
  front.close()
  table.close()
  closeFlowMaps(maps)
})
