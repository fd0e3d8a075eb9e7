import t from 'tap'
import { readFilter } from '../../src/filter/filter.js'
import { FrameFacts } from '../../src/filter/frame-facts.js'
import { Answer } from '../../src/filter/primitives.js'
import { IpProtocol } from '../../src/wire/ipv4.js'
import { parseIpv4 } from '../../src/wire/addr.js'
import { tcp4, udp4 } from '../support/frames.js'
import { randomFrom } from '../support/random.js'
import { RandomFilters } from './random-filter.js'

/* What a filter says of a flow, of which the flow program forwards plain packets: TCP's have ACK, and neither SYN, FIN nor RST. */

const NAMES = ['no', 'perhaps', 'yes']
const facts = new FrameFacts()

/** `flow`: 'address:port > address:port'. */
function ofFlow(filter: string, flow: string, protocol: number): Answer {
  const [src, srcPort, dst, dstPort] = flow.split(/:| > /)
  return readFilter(filter)(
    facts.readFlow(protocol, parseIpv4(src!)!, Number(srcPort), parseIpv4(dst!)!, Number(dstPort)),
  )
}
function ofFrame(filter: string, frame: Uint8Array): Answer {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  return readFilter(filter)(facts.read(view, 0, frame.length))
}

t.test('none, some or all of its packets', async t => {
  const flow = '10.0.0.7:40000 > 10.0.1.100:80'
  const expected: [answer: string, protocol: number, filters: string[]][] = [
    ['yes', IpProtocol.TCP, ['', 'tcp', 'ip', 'port 80', 'not udp', 'greater 40', 'port 80 or greater 1000']],
    ['yes', IpProtocol.TCP, ['tcp[tcpflags] & tcp-ack != 0', 'tcp[13] & (tcp-syn|tcp-fin) == 0', 'not tcp[13] == 2']],
    ['perhaps', IpProtocol.TCP, ['greater 1000', 'less 100', 'not less 100', 'port 80 and greater 500']],
    ['perhaps', IpProtocol.TCP, ['tcp[13] == 16', 'tcp[13] & tcp-push != 0', 'udp or less 60', '! tcp[13] != tcp-ack']],
    ['no', IpProtocol.TCP, ['udp', 'arp', 'icmp', 'port 81', 'src port 80', 'host 10.0.0.8', 'not tcp', 'less 40']],
    ['no', IpProtocol.TCP, ['tcp[13] == 2', 'tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0', 'port 81 and less 99']],
    ['yes', IpProtocol.UDP, ['udp', 'not tcp[13] == 16', 'udp dst port 80']],
    ['no', IpProtocol.UDP, ['tcp', 'tcp[13] & 16 != 0', 'tcp port 80', 'less 41']],
    ['perhaps', IpProtocol.UDP, ['less 42', 'greater 43']],
  ]
  for (const [answer, protocol, filters] of expected)
    for (const filter of filters) t.equal(NAMES[ofFlow(filter, flow, protocol)], answer, `${protocol}: ${filter}`)
})

t.test('no filter takes a packet of a flow that it has nothing of, or leaves one that it has all of', async t => {
  const seed = Number(process.env['UVS_SEED'] ?? 20_261_130)
  const random = new RandomFilters(randomFrom(seed))
  const counts = { no: 0, perhaps: 0, yes: 0 }
  for (let i = 0; i < 20_000; i++) {
    const [flow, filter] = [random.flow(), random.expression(3)]
    const isTcp = random.below(2) === 0
    const options = { payload: random.below(60), flags: random.one(['A', 'PA', 'UA', 'PAUEC']) }
    const frame = isTcp ? tcp4(flow, options) : udp4(flow, options)
    const answer = ofFlow(filter, flow, isTcp ? IpProtocol.TCP : IpProtocol.UDP)
    const name = NAMES[answer] as keyof typeof counts
    counts[name]++
    if (answer !== Answer.PERHAPS && ofFrame(filter, frame) !== answer)
      t.fail(`seed ${seed}: '${filter}' says ${name} of ${isTcp ? 'TCP' : 'UDP'} ${flow}, and not of a packet of it`)
  }
  for (const [answer, count] of Object.entries(counts)) t.ok(count > 1000, `${answer}: ${count}`)
})
