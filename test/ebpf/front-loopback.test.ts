import t from 'tap'
import { Mark } from '../../src/ebpf/front-program.js'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { FrontChoice } from '../../src/packet/front-choice.js'
import { parseIpv4 } from '../../src/wire/addr.js'
import { runProgram } from '../io/run-program.js'
import { CLIENT, error, HOST, MARKED, NAT, TCP, tellAll, VIP } from '../support/front-cases.js'
import { arp, tcp4, udp4 } from '../support/frames.js'

/* The program at the loopback interface, and what the one at other interfaces learns from it. */

const skip = process.getuid?.() === 0 ? false : 'not root'
const NEXT = -1

/** For the interface that the kernel makes test runs on. */
function toThisHost(frame: Uint8Array): Uint8Array {
  const copy = frame.slice()
  copy.fill(0, 0, 6)
  return copy
}
function takes(fd: number, frame: Uint8Array): boolean {
  const { answer, mark } = runProgram(fd, toThisHost(frame), { mark: 7 })
  if (answer !== NEXT || (mark !== 7 && mark !== Mark.TAKEN)) throw new Error(`returned ${answer}, mark ${mark}`)
  return mark === Mark.TAKEN
}

t.test('only what is to a service is taken', { skip }, async t => {
  const front = new ProgramFront()
  tellAll(front)
  const cases: [what: string, frame: Uint8Array, isTaken: boolean][] = [
    ['to a service', tcp4(`${VIP}:40000 > ${VIP}:80`), true],
    ['from another address of the host', tcp4(`${HOST}:40000 > ${VIP}:80`), true],
    ['with IP options', tcp4(`${VIP}:40000 > ${VIP}:80`, { ipOptions: new Uint8Array(40).fill(1) }), true],
    ['another port', tcp4(`${VIP}:40000 > ${VIP}:8080`), false],
    ['another protocol', udp4(`${VIP}:40000 > ${VIP}:80`), false],
    ['the answer of a local server', tcp4(`${VIP}:8080 > ${VIP}:40000`), false],
    ['within the host', tcp4('127.0.0.1:40000 > 127.0.0.1:80'), false],
    ['a real server’s port, from here', tcp4(`${NAT}:8080 > ${HOST}:40000`), false],
    ['an address that a mark may fit', tcp4(`${MARKED}:40000 > ${MARKED}:22`), true],
    ['an error about a service’s packet', error(`${VIP} > ${VIP}`, udp4(`${VIP}:80 > ${VIP}:40000`)), false],
    ['an error about a service’s segment', error(`${VIP} > ${VIP}`, tcp4(`${VIP}:80 > ${VIP}:40000`)), true],
    [
      'no IPv4',
      arp({ operation: 'request', senderMac: '02:00:00:00:00:01', senderAddr: HOST, targetAddr: VIP }),
      false,
    ],
  ]
  for (const [what, frame, isTaken] of cases) t.equal(takes(front.loopbackFd, frame), isTaken, what)
  const given = runProgram(front.loopbackFd, toThisHost(tcp4(`${VIP}:40000 > ${VIP}:80`)), { mark: Mark.RETURNED })
  t.strictSame([given.answer, given.mark], [NEXT, 0], 'given back, and its mark taken off')
  front.close()
})

t.test('real servers’ answers to the host are taken if they are to a program that has sent', { skip }, async t => {
  const front = new ProgramFront()
  const choice = new FrontChoice('beside')
  for (const each of [front, choice]) tellAll(each)
  const fd = front.programFd('beside')
  const answer = tcp4(`${NAT}:8080 > ${VIP}:40000`)
  const about = error(`198.51.100.1 > ${VIP}`, tcp4(`${VIP}:40000 > ${NAT}:8080`))
  const others: [what: string, frame: Uint8Array][] = [
    ['to another port', tcp4(`${NAT}:8080 > ${VIP}:40001`)],
    ['to another address', tcp4(`${NAT}:8080 > ${HOST}:40000`)],
    ['of another port', tcp4(`${NAT}:22 > ${VIP}:40000`)],
    ['of another host', tcp4(`${CLIENT}:8080 > ${VIP}:40000`)],
    ['an error about another program', error(`198.51.100.1 > ${VIP}`, tcp4(`${VIP}:40001 > ${NAT}:8080`))],
  ]
  const compared = (hasSent: boolean): void => {
    t.equal(takes(fd, answer), hasSent)
    t.equal(takes(fd, about), hasSent, 'a router’s error')
    for (const [what, frame] of others) t.notOk(takes(fd, frame), what)
    for (const frame of [answer, about])
      t.equal(choice.takes(new DataView(frame.buffer, frame.byteOffset), 14, frame.length - 14), hasSent, 'the model')
  }
  compared(false)
  t.notOk(takes(front.loopbackFd, tcp4(`${VIP}:40000 > ${VIP}:8080`)))
  compared(false)
  t.ok(takes(front.loopbackFd, tcp4(`${VIP}:40000 > ${VIP}:80`)))
  choice.programHasSent(TCP, parseIpv4(VIP)!, 40_000)
  compared(true)
  front.close()
})
