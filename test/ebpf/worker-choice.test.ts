import t from 'tap'
import { Kind, WorkerChoice, workerOfAddress, type WorkerRules } from '../../src/ebpf/worker-choice.js'
import { parseCidr, maskOf, parseIpv4 } from '../../src/wire/addr.js'
import { concat, icmp4, ip4, packetOf, payloadOf, tcp4, udp4 } from '../support/frames.js'
import { u16 } from '../support/octets.js'

const [VIP, DIP, LIP, RIP, ROUTER] = ['10.0.0.100', '10.0.0.1', '10.0.1.200', '10.0.1.10', '10.0.1.77']

function choiceOf(rules: WorkerRules): WorkerChoice {
  const choice = new WorkerChoice(rules)
  for (const addr of [VIP, DIP]) choice.setLocal(parseIpv4(addr)!, Kind.OWN)
  choice.setLocal(parseIpv4(LIP)!, Kind.LOCAL)
  return choice
}
function of(choice: WorkerChoice, frame: Uint8Array): number {
  return choice.of(new DataView(frame.buffer, frame.byteOffset), 14, frame.length - 14)
}

/** An ICMP error that quotes all of a frame's packet, or its first octets. */
function error(from: string, to: string, about: Uint8Array, type = 3, octets = 548): Uint8Array {
  return icmp4(`${from} > ${to}`, { type, payload: packetOf(about).slice(0, octets) })
}
const tunnelled = (protocol: number, header: Uint8Array, packet: Uint8Array): Uint8Array =>
  ip4(`${DIP} > ${RIP}`, protocol, concat(header, packetOf(packet)))
const GRE = concat(u16(0), u16(0x0800))
const GRE_SUM = concat(u16(0x8000), u16(0x0800), u16(0x1234), u16(0))
const gue = (words: number): Uint8Array =>
  concat(u16(40_000), u16(6080), u16(0), u16(0), Uint8Array.of(words, 4, 0, 0), new Uint8Array(words * 4))

/** The frames of one connection that can come to the director, in each mode; `port` is its worker's. */
function framesOf(client: string, port: number): [string, Uint8Array][] {
  const request = tcp4(`${client}:40000 > ${VIP}:80`)
  const answer = tcp4(`${VIP}:80 > ${client}:40000`)
  const toServer = tcp4(`${client}:40000 > ${RIP}:80`)
  const fullnat = tcp4(`${LIP}:${port} > ${RIP}:80`)
  const frames: [string, Uint8Array][] = [
    ['a request', request],
    ['a request with IP options', tcp4(`${client}:40000 > ${VIP}:80`, { ipOptions: new Uint8Array(8).fill(1) })],
    ['a request by UDP', udp4(`${client}:40000 > ${VIP}:53`)],
    ['a later piece of a request', tcp4(`${client}:40000 > ${VIP}:80`, { fragment: 9 })],
    ['a ping', icmp4(`${client} > ${VIP}`, { type: 8 })],
    ['nat: an answer', tcp4(`${RIP}:80 > ${client}:40000`)],
    ['nat: a later piece of an answer', tcp4(`${RIP}:80 > ${client}:40000`, { fragment: 9 })],
    ['nat: an error of the real server', error(RIP, client, toServer)],
    ['nat: an error of a router before it', error(ROUTER, client, toServer, 11, 28)],
    ['fullnat: an answer', tcp4(`${RIP}:80 > ${LIP}:${port}`)],
    ['fullnat: an answer by UDP', udp4(`${RIP}:80 > ${LIP}:${port}`)],
    [
      'fullnat: an answer with IP options',
      tcp4(`${RIP}:80 > ${LIP}:${port}`, { ipOptions: new Uint8Array(40).fill(1) }),
    ],
    ['tunnel: IPIP', error(ROUTER, DIP, tunnelled(4, concat(), request))],
    ['tunnel: GRE', error(ROUTER, DIP, tunnelled(47, GRE, request))],
    ['tunnel: GRE with a checksum', error(ROUTER, DIP, tunnelled(47, GRE_SUM, request))],
    ['tunnel: GUE', error(ROUTER, DIP, tunnelled(17, gue(0), request))],
    ['tunnel: GUE with options', error(ROUTER, DIP, tunnelled(17, gue(2), request))],
    ['tunnel: IPIP, from a local address', error(ROUTER, LIP, tunnelled(4, concat(), request))],
  ]
  for (const type of [3, 4, 5, 11, 12]) {
    frames.push([`an error ${type} of the client`, error(client, VIP, answer, type, 28)])
    frames.push([`an error ${type} of a router before the client`, error('198.51.100.1', VIP, answer, type)])
    frames.push([`fullnat: an error ${type} of the real server`, error(RIP, LIP, fullnat, type)])
    frames.push([`fullnat: an error ${type} of a router before it`, error(ROUTER, LIP, fullnat, type, 28)])
  }
  return frames
}

t.test('all frames of a connection belong to one worker, whichever the mode', async t => {
  for (const workers of [1, 2, 3, 8]) {
    const rules = { workers, mask: maskOf(32), seed: 0x1234567 }
    const choice = choiceOf(rules)
    const used = new Set<number>()
    for (let i = 0; i < 80; i++) {
      const client = `203.0.113.${i}`
      const worker = workerOfAddress(parseIpv4(client)!, rules)
      const port = 5536 + ((worker - (5536 % workers) + workers) % workers) + workers * i * 10
      used.add(worker)
      for (const [name, frame] of framesOf(client, port)) {
        const chosen = of(choice, frame)
        if (chosen !== worker) t.fail(`${workers} workers, ${client}: ${name}: ${chosen}, not ${worker}`)
      }
    }
    t.equal(used.size, workers, `${workers}: each has some`)
  }
})

t.test('clients that are equal in the mask belong to one worker', async t => {
  const choice = choiceOf({ workers: 8, mask: parseIpv4('255.255.255.0')!, seed: 1 })
  const workers = Array.from({ length: 256 }, (_, i) => of(choice, tcp4(`203.0.113.${i}:1 > ${VIP}:80`)))
  t.equal(new Set(workers).size, 1)
  const networks = Array.from({ length: 64 }, (_, i) => of(choice, tcp4(`203.0.${i}.1:1 > ${VIP}:80`)))
  t.equal(new Set(networks).size, 8)
})

t.test('the seed moves clients', async t => {
  const workers = [1, 2].map(seed =>
    Array.from({ length: 64 }, (_, i) =>
      workerOfAddress(parseIpv4(`203.0.113.${i}`)!, { workers: 2, mask: maskOf(32), seed }),
    ),
  )
  t.strictNotSame(workers[0], workers[1])
})

t.test('pieces to a local address go where their first one went', async t => {
  const choice = choiceOf({ workers: 16, mask: maskOf(32), seed: 3 })
  const piece = (port: number, id: number, fragment: number, mf: boolean): number =>
    of(choice, udp4(`${RIP}:53 > ${LIP}:${port}`, { id, fragment, mf, df: false }))
  const bySource = workerOfAddress(parseIpv4(RIP)!, choice.rules)
  t.equal(piece(40_005, 7, 100, true), bySource, 'one that comes before its first')
  t.equal(piece(40_005, 7, 0, true), 40_005 % 16)
  t.equal(piece(1, 7, 100, true), 40_005 % 16)
  t.equal(piece(1, 7, 200, false), 40_005 % 16)
  t.equal(piece(1, 8, 200, false), bySource, 'of another datagram')
  t.equal(piece(40_006, 7, 0, true), 40_006 % 16, 'the identification comes again')
  t.equal(piece(1, 7, 200, false), 40_006 % 16)
  t.equal(piece(40_007, 7, 0, false), 40_007 % 16, 'a whole datagram changes nothing')
  t.equal(piece(1, 7, 200, false), 40_006 % 16)
  for (let id = 100; id < 100 + 4096; id++) piece(40_001, id, 0, true)
  t.equal(piece(1, 7, 200, false), bySource, 'forgotten for newer ones')
})

t.test('an error in pieces', async t => {
  const choice = choiceOf({ workers: 16, mask: maskOf(32), seed: 3 })
  const client = '203.0.113.7'
  const about = tcp4(`${VIP}:80 > ${client}:40000`, { payload: 1000 })
  const message = payloadOf(error(ROUTER, VIP, about))
  const first = ip4(`${ROUTER} > ${VIP}`, 1, message.slice(0, 400), { mf: true, df: false })
  const rest = ip4(`${ROUTER} > ${VIP}`, 1, message.slice(400), { fragment: 50, df: false })
  const worker = workerOfAddress(parseIpv4(client)!, choice.rules)
  t.not(worker, workerOfAddress(parseIpv4(ROUTER)!, choice.rules))
  t.strictSame([of(choice, first), of(choice, rest)], [worker, worker])
})

t.test('an address that is virtual and local: which it is meant as, the port tells', async t => {
  const choice = choiceOf({ workers: 16, mask: maskOf(32), seed: 3 })
  choice.setLocal(parseIpv4(VIP)!, Kind.OWN | Kind.LOCAL)
  const client = '203.0.113.7'
  const worker = workerOfAddress(parseIpv4(client)!, choice.rules)
  t.equal(of(choice, tcp4(`${client}:40000 > ${VIP}:5535`)), worker)
  t.equal(of(choice, tcp4(`${RIP}:80 > ${VIP}:5536`)), 5536 % 16)
  t.equal(of(choice, error(client, VIP, tcp4(`${VIP}:5535 > ${client}:40000`))), worker)
  t.equal(of(choice, error(ROUTER, VIP, tcp4(`${VIP}:5536 > ${RIP}:80`))), 5536 % 16)
})

t.test('what is cut off', async t => {
  const choice = choiceOf({ workers: 16, mask: maskOf(32), seed: 3 })
  const client = '203.0.113.7'
  const [clients, routers, servers] = [client, ROUTER, RIP].map(addr => workerOfAddress(parseIpv4(addr)!, choice.rules))
  const request = tcp4(`${client}:40000 > ${VIP}:80`)
  t.equal(of(choice, tcp4(`${RIP}:80 > ${LIP}:40001`).slice(0, 14 + 23)), servers, 'ports of an answer')
  t.equal(of(choice, icmp4(`${ROUTER} > ${VIP}`, { type: 3 }).slice(0, 14 + 20)), routers, 'all of ICMP')
  t.equal(of(choice, error(ROUTER, VIP, request, 3, 19)), routers, 'the quoted header')
  t.equal(of(choice, error(ROUTER, LIP, tcp4(`${LIP}:40001 > ${client}:80`), 3, 23)), clients, 'the quoted ports')
  t.equal(of(choice, error(ROUTER, DIP, tunnelled(4, concat(), request), 3, 28)), 0, 'what was in the tunnel')
  t.equal(of(choice, error(ROUTER, DIP, tunnelled(47, GRE, request), 3, 20)), 0, 'the tunnel’s header')
  t.equal(of(choice, request.slice(0, 14 + 19)), 0, 'the header')
})

t.test('UDP that looks like GUE, but is not about one of our addresses, is an answer', async t => {
  const choice = choiceOf({ workers: 16, mask: maskOf(32), seed: 3 })
  const [a, b] = ['203.0.113.7', '203.0.113.8']
  const worker = workerOfAddress(parseIpv4(b)!, choice.rules)
  const inner = packetOf(tcp4(`${a}:1 > 198.51.100.9:80`))
  const ports = concat(u16(53), u16(6080), u16(0), u16(0))
  for (const header of [
    [0, 4, 0, 0],
    [0x20, 4, 0, 0],
    [0, 6, 0, 0],
  ]) {
    const answer = ip4(`${VIP} > ${b}`, 17, concat(ports, Uint8Array.from(header), inner))
    t.equal(of(choice, error(ROUTER, VIP, answer)), worker, header.join())
  }
})

t.test('a block is our own, each of its addresses until it is said to be something else', async t => {
  const choice = choiceOf({ workers: 16, mask: maskOf(32), seed: 3 })
  const frame = tcp4('203.0.113.7:1 > 10.9.3.4:40001')
  const [source, destination] = ['203.0.113.7', '10.9.3.4'].map(a => workerOfAddress(parseIpv4(a)!, choice.rules))
  t.equal(of(choice, frame), destination)
  choice.addBlock(parseCidr('10.9.0.0/16')!)
  t.equal(of(choice, frame), source)
  choice.setLocal(parseIpv4('10.9.3.4')!, Kind.LOCAL)
  t.equal(of(choice, frame), 40_001 % 16)
  choice.remove(parseIpv4('10.9.3.4')!)
  choice.removeBlock(parseCidr('10.9.0.0/15')!)
  t.equal(of(choice, frame), source, 'another block')
  choice.removeBlock(parseCidr('10.9.0.0/16')!)
  t.equal(of(choice, frame), destination)
})
