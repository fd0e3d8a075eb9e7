import * as fc from '../support/properties.js'
import t from 'tap'
import { fromClient, fromServer, VIP } from '../support/bench-director.js'
import { payloadOctets, tcp4 } from '../support/frames.js'
import { CLIENT, FullnatBench } from '../support/fullnat-bench.js'
import { SimpleServer } from './forging-client.js'

const LINE = `PROXY TCP4 10.99.1.10 ${VIP} 40000 80\r\n`
const LEN = LINE.length
const FORGED = payloadOctets('PROXY TCP4 6.6.6.6 10.99.1.100 666 80\r\n'.padEnd(200, 'x'))

/** Initial numbers that the client draws on: near each other, and far. */
const bases = fc.constantFrom(0, 0, 0, 30, LEN, 90_000, 0x4000_0000)
const segment = fc.record({
  do: fc.constant('segment'),
  flags: fc.constantFrom('S', 'S', 'A', 'A', 'PA', 'PA', 'FA', 'R', 'RA', 'P', 'SA', 'SR', 'UPA'),
  base: bases,
  /** Which base a number meant for another is made to fall on. */
  aims: fc.constantFrom(0, 0, 0, 30, LEN, 90_000),
  offset: fc.constantFrom(0, 1, 1, 1, 2, 1 - LEN, -LEN, 1 + LEN, -10, 10, 41, -70_000),
  payload: fc.constantFrom(0, 0, 1, 10, LEN, 60, 200),
  /** Which of the server's numbers is acknowledged, the last first; it is a good guesser. And how much more. */
  guess: fc.constantFrom(0, 0, 0, 0, 1, 2),
  more: fc.constantFrom(1, 1, 1, 1, 0, 100, 0x2000_0000),
})
const other = fc.record({ do: fc.constantFrom('answer', 'answer', 'answer', 'lose', 'forget', 'wait') })
/** A client that behaves: SYN, the server's answer, acknowledgement, data, the server's answers. */
const honest: Step[] = (['S', 'A', 'PA'] as const).flatMap((flags, i) => [
  { do: 'segment', flags, base: 0, aims: 0, offset: i === 0 ? 0 : 1, payload: i === 2 ? 200 : 0, guess: 0, more: 1 },
  { do: 'answer' },
  { do: 'answer' },
])
/** A segment of the client's, or what else happens. */
interface Step {
  do: string
  flags?: string
  base?: number
  aims?: number
  offset?: number
  payload?: number
  guess?: number
  more?: number
}
const steps = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: segment.map((each): Step[] => [each]) },
      { weight: 5, arbitrary: other.map((each): Step[] => [each]) },
      { weight: 1, arbitrary: fc.constant(honest) },
    ),
    { minLength: 4, maxLength: 40 },
  )
  .map(each => each.flat())
const drawn = fc.record({
  steps,
  isn: fc.constantFrom(1000, 0xffff_fff0, 0x7fff_fff0),
  sloppy: fc.constantFrom('0', '0', '1'),
  reuse: fc.constantFrom('0', '1'),
})

interface Given {
  steps: Step[]
  isn: number
  sloppy: string
  reuse: string
}

/** Plays it; answers the streams that the server's application was given. */
function play(given: Given): string[] {
  const bench = new FullnatBench()
  bench.serveFullnat('tcp', `${VIP}:80`, { clientAddress: 'proxy-v1' })
  bench.must({ op: 'set-sysctl', name: 'sloppy_tcp', value: given.sloppy })
  bench.must({ op: 'set-sysctl', name: 'conn_reuse_mode', value: given.reuse })
  const server = new SimpleServer(given.isn ^ 0x5555)
  const answers: Uint8Array[] = []
  let isLost = false
  for (const step of given.steps) {
    if (step.do === 'answer') {
      const answer = answers.shift()
      if (answer) bench.receive('r', answer)
    } else if (step.do === 'lose') isLost = true
    else if (step.do === 'forget') server.forget()
    else if (step.do === 'wait') bench.poll(11_000)
    else {
      const { flags = '', base = 0, aims = 0, offset = 0, payload = 0, guess = 0, more = 0 } = step
      const seq = (given.isn + base + aims + offset) >>> 0
      const ack = ((server.numbers.at(-1 - guess) ?? 0) + more) >>> 0
      const data = FORGED.slice(0, payload)
      const options = { ...fromClient, flags, seq, ack: flags.includes('A') ? ack : 0, payload: data, urgent: 3 }
      bench.receive('c', tcp4(`${CLIENT} > ${VIP}:80`, options))
    }
    for (const sent of bench.take()) {
      if (sent.link !== 'r') continue
      if (isLost) isLost = false
      else answers.push(...server.receive(sent.frame, fromServer().eth))
    }
  }
  return server.streams.map(({ octets }) => String.fromCharCode(...octets))
}

const from = (flags: string, offset: number, payload = 0, base = 0): Step => ({
  do: 'segment',
  flags,
  base,
  offset,
  payload,
  more: 1,
})
const [answer, lose, forget] = [{ do: 'answer' }, { do: 'lose' }, { do: 'forget' }]
const FAR = 90_000
const END = from('RA', 201)

/** What a client of bad will may try. */
const attacks: [what: string, steps: Step[], sloppy?: '1'][] = [
  ['data in the SYN', [from('S', 0, 60), answer, from('PA', 1, 60)]],
  ['data before the beginning, the header lost', [from('S', 0), answer, lose, from('A', 1), from('PA', -10, 200)]],
  ['data before the SYN is answered', [from('S', 0), from('PA', 1, 60), answer, from('PA', 1, 60)]],
  ['another SYN while the first is half open', [from('S', 0), answer, from('S', 0, 0, FAR), answer, from('PA', 1, 60)]],
  [
    'a FIN that the server does not heed, and another SYN',
    [from('S', 0), answer, from('FA', FAR), from('S', 0, 0, FAR), answer, from('PA', 1, 60), from('PA', 1 - LEN, 60)],
  ],
  ['the same SYN after a reset', [...honest, END, from('S', 0), answer, from('PA', 1 - LEN, 60)]],
  ['the same SYN to a server that has forgotten', [...honest, forget, from('S', 0), answer, from('PA', 1 - LEN, 60)]],
  [
    'another SYN to a server that has forgotten',
    [...honest, forget, from('S', 0, 0, FAR), answer, from('PA', 1 - LEN, 60, FAR)],
  ],
  ['no SYN first (sloppy_tcp)', [from('A', 1), from('S', 0), answer, answer, from('PA', 1, 60)], '1'],
  ['out of order', [from('S', 0), answer, from('PA', 61, 60), from('PA', 1, 60)]],
  ['without ACK', [from('S', 0), answer, from('P', 1, 60), from('PA', 1, 60)]],
  ['a FIN at once', [from('S', 0), answer, from('FA', 1, 60)]],
]

for (const [what, each, sloppy = '0'] of attacks)
  t.test(`${what}: our header is read first`, async t => {
    for (const reuse of ['0', '1'])
      for (const isn of [1000, 0xffff_fff0])
        for (const octets of play({ steps: each, isn, sloppy, reuse }))
          t.equal(octets.slice(0, LEN), LINE.slice(0, octets.length), `${isn}, conn_reuse_mode ${reuse}`)
  })

t.test('whatever a client does, the server’s application reads our header first, and once', async t => {
  let begun = 0
  let whole = 0
  const holds = (given: Given): void => {
    for (const octets of play(given)) {
      begun++
      if (octets.length > LEN) whole++
      if (octets.slice(0, LEN) !== LINE.slice(0, octets.length)) throw new Error(`the server reads ${octets}`)
      if (octets.includes('PROXY TCP4 10', 1)) throw new Error(`the server reads twice ${octets}`)
    }
  }
  fc.assert(fc.property(drawn, holds), { numRuns: 3000, interruptAfterTimeLimit: 8000 })
  t.ok(begun > 30 && whole > 10, `${begun} connections, ${whole} with data`)
})
