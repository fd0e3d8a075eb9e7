import t from 'tap'
import { FrontChoice } from '../../src/packet/front-choice.js'
import { AddressKind, type FrontMode } from '../../src/packet/front.js'
import { parseCidr, parseIpv4 } from '../../src/wire/addr.js'
import { ip4, tcp4, udp4 } from '../support/frames.js'
import {
  BLOCK,
  CLIENT,
  error,
  FOREIGN,
  FRONT_CASES,
  HOST,
  MARKED,
  NAT,
  OWN,
  SOME,
  tellAll,
  TCP,
  UDP,
  VIP,
} from '../support/front-cases.js'

function choiceOf(mode: FrontMode): FrontChoice {
  const front = new FrontChoice(mode)
  tellAll(front)
  return front
}
function takes(front: FrontChoice, frame: Uint8Array): boolean {
  return front.takes(new DataView(frame.buffer, frame.byteOffset), 14, frame.length - 14)
}

t.test('beside the kernel', async t => {
  const front = choiceOf('beside')
  for (const [what, frame, isTaken] of FRONT_CASES) t.equal(takes(front, frame), isTaken, what)
})

t.test('as the only host: all but what is to the kernel alone', async t => {
  const front = choiceOf('exclusive')
  for (const to of [VIP, FOREIGN, OWN, BLOCK, MARKED, NAT, CLIENT, '255.255.255.255'])
    t.ok(takes(front, tcp4(`192.0.2.1:1024 > ${to}:22`)), to)
  t.notOk(takes(front, tcp4(`192.0.2.1:1024 > ${HOST}:80`)))
  t.ok(takes(front, tcp4(`192.0.2.1:1024 > ${HOST}:80`).slice(0, 30)), 'cut off')
})

function piece(to: string, port: number, fragment: number, id = 7): Uint8Array {
  return fragment === 0
    ? udp4(`${CLIENT}:1024 > ${to}:${port}`, { id, mf: true, payload: 64 })
    : ip4(`${CLIENT} > ${to}`, UDP, SOME.slice(0, 3), { id, fragment })
}

function pieceOfAnswer(to: string, fragment: number): Uint8Array {
  return ip4(`${NAT} > ${to}`, TCP, SOME, { fragment, mf: true })
}

t.test('pieces are where the first one is', async t => {
  const front = choiceOf('beside')
  front.setService(UDP, parseIpv4(VIP)!, 53, true)
  t.ok(takes(front, piece(VIP, 53, 0)))
  t.ok(takes(front, piece(VIP, 53, 9)))
  t.notOk(takes(front, piece(VIP, 54, 0, 8)), 'of what is the kernel’s')
  t.notOk(takes(front, piece(VIP, 54, 9, 8)))
  t.ok(takes(front, piece(VIP, 53, 0, 8)), 'the number again, of what is balanced')
  t.ok(takes(front, piece(VIP, 53, 9, 8)))
  t.ok(takes(front, piece(OWN, 54, 9)), 'of uvs itself')
  const other = choiceOf('beside')
  for (let id = 0; id < 4097; id++) takes(other, piece(VIP, 54, 0, id))
  t.notOk(takes(other, piece(VIP, 54, 9, 1)))
  t.ok(takes(other, piece(VIP, 54, 9, 0)), 'no more than 4096 are remembered')
})

t.test('a piece before the first one is taken if that may be balanced, and the first one with it', async t => {
  const front = choiceOf('beside')
  front.setService(UDP, parseIpv4(VIP)!, 53, true)
  for (const port of [53, 54]) {
    t.ok(takes(front, piece(VIP, port, 9, port)), 'to a VIP')
    t.ok(takes(front, piece(VIP, port, 0, port)), `the first, to port ${port}`)
    t.ok(takes(front, piece(VIP, port, 18, port)))
  }
  t.notOk(takes(front, piece(HOST, 53, 9)), 'to the host')
  t.notOk(takes(front, piece(HOST, 53, 0)))
  t.notOk(takes(front, piece(CLIENT, 53, 9)), 'through the host')
  t.ok(takes(front, pieceOfAnswer(CLIENT, 9)), 'from a real server')
  t.ok(takes(front, pieceOfAnswer(CLIENT, 0)))
  t.notOk(takes(front, pieceOfAnswer(HOST, 9)), 'to the host, from a real server')
})

t.test('what is no packet is taken by uvs’s own addresses alone', async t => {
  const front = choiceOf('beside')
  for (const len of [33, 34, 37])
    t.strictSame(
      [VIP, OWN].map(to => takes(front, tcp4(`${CLIENT}:1024 > ${to}:80`).slice(0, len))),
      [false, len > 33],
    )
  const quoting = error(`${CLIENT} > ${VIP}`, tcp4(`${VIP}:80 > ${CLIENT}:1024`))
  for (const len of [34, 38, 42, 65]) t.notOk(takes(front, quoting.slice(0, len)), `${len} octets of an error`)
  t.ok(takes(front, quoting.slice(0, 66)))
})

function cutError(len: number, to: string): Uint8Array {
  const frame = error(`${CLIENT} > ${to}`, tcp4(`${VIP}:80 > ${CLIENT}:1024`)).slice(0, len)
  frame[20]! |= 0x20 // more fragments
  return frame
}

t.test('an error in pieces, cut before it says what it quotes, is taken if it may be balanced', async t => {
  for (const len of [38, 42, 61, 65]) {
    const front = choiceOf('beside')
    t.ok(takes(front, cutError(len, VIP)), `${len} octets, to a VIP`)
    t.ok(takes(front, ip4(`${CLIENT} > ${VIP}`, 1, SOME, { fragment: 1 })), 'what follows')
    t.notOk(takes(front, cutError(len, HOST)), 'to the host')
    t.notOk(takes(front, ip4(`${CLIENT} > ${HOST}`, 1, SOME, { fragment: 1 })))
  }
})

t.test('what is said is taken back', async t => {
  const front = choiceOf('beside')
  const toService = tcp4(`${CLIENT}:1024 > ${VIP}:80`)
  front.setService(TCP, parseIpv4(VIP)!, 80, false)
  t.notOk(takes(front, toService))
  front.setService(TCP, parseIpv4(VIP)!, 80, true)
  front.setKinds(parseIpv4(VIP)!, AddressKind.KERNEL)
  t.notOk(takes(front, toService))
  front.setServer(TCP, parseIpv4(NAT)!, 8080, false)
  t.notOk(takes(front, tcp4(`${NAT}:8080 > ${CLIENT}:1024`)))
  const inBlock = tcp4(`${CLIENT}:1024 > ${BLOCK}:22`)
  const block = parseCidr('10.7.0.0/16')!
  front.addBlock(block, AddressKind.OWN)
  front.removeBlock(block)
  t.ok(takes(front, inBlock), 'added twice')
  front.removeBlock(block)
  t.notOk(takes(front, inBlock))
  front.removeBlock(block)
})
