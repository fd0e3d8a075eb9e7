import * as fc from '../support/properties.js'
import t from 'tap'
import type { ClientAddressName } from '../../src/control/protocol/api.js'
import { seededRandom } from '../../src/director/random.js'
import { fromClient, fromServer, VIP } from '../support/bench-director.js'
import { concat, decode, hex, payloadOctets, payloadOf } from '../support/frames.js'
import { CLIENT, FullnatBench, SERVER, sourceOf } from '../support/fullnat-bench.js'
import { TcpPeer } from './tcp-peer.js'

const LINE = payloadOctets(`PROXY TCP4 10.99.1.10 ${VIP} 40000 80\r\n`)
const BINARY = Uint8Array.from(Buffer.from('0d0a0d0a000d0a515549540a2111000c0a63010a0a6301649c400050', 'hex'))
const headers: Record<ClientAddressName, Uint8Array> = {
  none: new Uint8Array(0),
  toa: new Uint8Array(0),
  'proxy-v1': LINE,
  'proxy-v2': BINARY,
}
const TOA = 'fe089c400a63010a'
/** No wire is so bad that a few hundred octets take longer. */
const LIMIT_MS = 200_000

const drawn = fc.record({
  clientAddress: fc.constantFrom<ClientAddressName>('none', 'toa', 'proxy-v1', 'proxy-v1', 'proxy-v2'),
  seed: fc.nat(),
  up: fc.integer({ min: 0, max: 1500 }),
  down: fc.integer({ min: 0, max: 1500 }),
  isn: fc.constantFrom(0, 1000, 0x7fff_ffff, 0xffff_ffe0, 0xffff_ffff),
  serverIsn: fc.constantFrom(0, 0x8000_0000, 0xffff_fff0),
  sack: fc.boolean(),
  fastOpen: fc.constantFrom(0, 0, 50),
  /** Of a hundred frames, how many are lost, come twice, and how long they may take, in ms. */
  lost: fc.constantFrom(0, 5, 30),
  twice: fc.constantFrom(0, 20),
  delay: fc.constantFrom(1, 20, 120),
})
type Drawn = typeof drawn extends fc.Arbitrary<infer T> ? T : never

/** A connection over bad wires on both sides of the director. Throws where an end is told what cannot be. */
function play(given: Drawn): { client: TcpPeer; server: TcpPeer; withToa: number; early: number } {
  const { clientAddress, isn, serverIsn, sack, fastOpen, up, down, lost, twice, delay } = given
  const bench = new FullnatBench()
  bench.serveFullnat('tcp', `${VIP}:80`, { clientAddress })
  // A SYN that comes again after a FIN would open another connection to the real server (§6.3).
  bench.must({ op: 'set-sysctl', name: 'conn_reuse_mode', value: '0' })
  const random = seededRandom(given.seed)
  const [eth, ethServer] = [fromClient.eth, fromServer().eth]
  const opens = { fastOpen: Math.min(fastOpen, up) }
  const client = new TcpPeer({ from: CLIENT, to: `${VIP}:80`, eth, isn, data: payloadOctets(up), sack, opens })
  const server = new TcpPeer({ from: SERVER, to: '', eth: ethServer, isn: serverIsn, data: payloadOctets(down), sack })
  let wires: { at: number; to: 'c' | 'r' | 'client' | 'server'; frame: Uint8Array }[] = []
  let withToa = 0
  let early = 0

  const put = (to: 'c' | 'r' | 'client' | 'server', frames: Uint8Array[], now: number): void => {
    for (const frame of frames)
      for (let copies = random() % 100 < twice ? 2 : 1; copies > 0; copies--)
        if (random() % 100 >= lost) wires.push({ at: now + 1 + (random() % delay), to, frame })
  }
  for (let now = 0; now < LIMIT_MS && !(client.isDone && server.isDone); now += 5) {
    bench.poll(5)
    put('c', client.send(now), now)
    put('r', server.send(now), now)
    const due = wires.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at)
    wires = wires.filter(({ at }) => at > now)
    for (const { to, frame } of due) {
      if (to === 'client') client.receive(frame, now)
      else if (to === 'server') {
        server.to = sourceOf(frame)
        const hasToa = String(decode(frame)['tcp.options'] ?? '').startsWith(TOA)
        if (hasToa) withToa++
        if (!hasToa && String(decode(frame)['tcp.flags']) === 'S') early++
        const isSyn = String(decode(frame)['tcp.flags']) === 'S'
        if (
          isSyn &&
          headers[clientAddress].length > 0 &&
          payloadOf(frame).length > Number(decode(frame)['tcp.headerLen'])
        )
          throw new Error('data in a SYN')
        server.receive(frame, now)
      } else {
        bench.receive(to, frame)
        for (const sent of bench.take()) put(sent.link === 'r' ? 'server' : 'client', [sent.frame], now)
      }
    }
  }
  return { client, server, withToa, early }
}

t.test('whatever wires do, both streams arrive whole, the header first', async t => {
  const property = fc.property(drawn, given => {
    const { client, server, withToa, early } = play(given)
    const sent = concat(headers[given.clientAddress], payloadOctets(given.up))
    if (hex(server.received) !== hex(sent))
      throw new Error(`${server.received.length} of ${sent.length} octets came up`)
    if (hex(client.received) !== hex(payloadOctets(given.down)))
      throw new Error(`${client.received.length} of ${given.down} octets came down`)
    if (!client.isDone || !server.isDone) throw new Error('they have not come to an end')
    if ((given.clientAddress === 'toa') !== withToa > 0) throw new Error(`${withToa} segments with TOA`)
    if (given.clientAddress === 'toa' && early > 0) throw new Error('a SYN without TOA')
  })
  fc.assert(property, { numRuns: 300, interruptAfterTimeLimit: 8000, markInterruptAsFailure: false })
  t.pass('for all that was drawn')
})
