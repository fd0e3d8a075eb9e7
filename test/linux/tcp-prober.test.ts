import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import t from 'tap'
import { fullPort, listener } from '../support/listener.js'
import { tcpProbe, TcpProber, type ProbeOptions } from '../../src/linux/tcp-prober.js'

const told: string[] = []
const probe = (name: string, to: Partial<ProbeOptions>, then = (): void => {}): ReturnType<typeof tcpProbe> =>
  tcpProbe({ address: '127.0.0.1', port: 1, timeoutMs: 1e6, mark: 0, ...to }, why => {
    told.push(`${name}: ${why ?? 'open'}`)
    then()
  })

/** Looks until all but some have ended. */
async function lookAt(prober: TcpProber, nowMs = 0, left = 0): Promise<string[]> {
  for (let i = 0; i < 5000 && prober.size > left; i++) {
    prober.look(nowMs)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  return told.splice(0)
}

const sockets = (): number => readdirSync('/proc/self/fd').length

t.test('many at once, and the same again', async t => {
  const {
    ports: [port],
  } = await listener(t, 1)
  const prober = new TcpProber()
  const before = sockets()
  const probes = [
    ...Array.from({ length: 1500 }, (_, i) => probe(`open ${i}`, { port: port! })),
    probe('closed', {}),
    probe('no address', { local: { address: '192.0.2.77', port: 0 } }),
    probe('no network', { address: '255.255.255.255' }),
  ]
  for (let round = 0; round < 2; round++) {
    for (const each of probes) prober.begin(each, 0)
    t.equal(prober.size, probes.length)
    t.strictSame(told, [], 'nothing is told before a look')
    const said = await lookAt(prober)
    t.equal(new Set(said).size, probes.length)
    t.equal(said.filter(line => /^open \d+: open$/.test(line)).length, 1500)
    t.match(said.filter(line => !line.startsWith('open')).sort(), [
      'closed: connection refused',
      /^no address: .*not available/,
      /^no network: .*(unreachable|denied)/,
    ])
    t.equal(sockets(), before, 'all sockets are closed')
  }
})

t.test('a port that is closed, open, closed', async t => {
  const {
    process: listening,
    ports: [port],
  } = await listener(t, 1)
  const prober = new TcpProber()
  const there = probe('there', { port: port! })
  prober.begin(there, 0)
  t.strictSame(await lookAt(prober), ['there: open'])
  listening.kill('SIGKILL')
  await once(listening, 'exit')
  prober.begin(there, 0)
  t.strictSame(await lookAt(prober), ['there: connection refused'])
  const again = createServer().listen(port, '127.0.0.1')
  t.teardown(() => again.close())
  await once(again, 'listening')
  prober.begin(there, 0)
  t.strictSame(await lookAt(prober), ['there: open'])
})

t.test('too late, and given up', async t => {
  const port = await fullPort(t)
  const prober = new TcpProber()
  const before = sockets()
  const slow = probe('slow', { port, timeoutMs: 300 })
  const other = probe('other', { port })
  const last = probe('last', {}, () => prober.giveUp(after))
  const after = probe('after', {})
  for (const each of [slow, other, last, after, slow]) prober.begin(each, 1000)
  t.equal(prober.size, 4, 'one at a time of each')
  t.strictSame(
    await lookAt(prober, 1299, 2),
    ['last: connection refused'],
    'the end of one gives up another that has ended too',
  )
  t.equal(prober.size, 2)
  prober.giveUp(other)
  prober.giveUp(other)
  prober.look(1300)
  t.strictSame(told.splice(0), ['slow: no connection within 300 ms'])
  t.equal(prober.size, 0)
  t.equal(sockets(), before)
  for (const each of [other, slow]) prober.begin(each, 1300)
  t.equal(prober.size, 2, 'they can be begun again')
  prober.begin(last, 1300)
  t.strictSame(await lookAt(prober, 1301, 2), ['last: connection refused'], 'what was told once is not told again')
  for (const each of [other, slow]) prober.giveUp(each)
  t.equal(sockets(), before)
})
