import t from 'tap'
import { Look, top } from '../../../../src/cli/uvs/top/top.js'
import type { Control } from '../../../../src/control/protocol/api.js'
import { BenchDirector, fromClient, VIP } from '../../../support/bench-director.js'
import { tcp4 } from '../../../support/frames.js'

const SERVERS = ['10.99.2.11', '10.99.2.12']
const syn = (port: number, to = 80): Uint8Array =>
  tcp4(`10.99.1.10:${port} > ${VIP}:${to}`, { ...fromClient, flags: 'S' })

/** Port 80 with two real servers, each of which has one connection; ports 81 and 53 with none. */
function busy(): BenchDirector {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`, ...SERVERS.map(server => `${server}:80`))
  bench.serve('tcp', `${VIP}:81`)
  bench.serve('udp', `${VIP}:53`)
  for (const port of [1, 2]) bench.receive('c', syn(port))
  return bench
}
const look = (bench: BenchDirector, words: string[] = [], sort = 'cps'): Look => new Look(bench.control, words, sort)

t.test('the director, and its busiest services with their real servers', async t => {
  const bench = busy()
  bench.receive('c', syn(3, 81))
  const lines = (await look(bench, [], 'active').read(20)).split('\n')
  t.match(lines[0], /^connections 2 of 1024; \d+\/s new, \d so far$/)
  t.match(
    lines.find(line => line.startsWith('drops')),
    /^drops +drop-no-destination 1$/,
  )
  t.match(
    lines.find(line => line.startsWith('services')),
    /^services 3, by active +scheduler +weight/,
  )
  const at = lines.findIndex(line => line.startsWith(`TCP ${VIP}:80 `))
  t.equal(at, lines.findIndex(line => line.startsWith('services')) + 1, 'it has the most')
  t.match(lines[at], /^TCP \S+ +\w+ +2 +2 +0 /, 'the sum of its real servers')
  for (const line of lines.slice(at + 1, at + 3)) t.match(line, /^ {2}→ 10\.99\.2\.1[12]:80 +█████····· +1 +1 +0 /)
  t.notMatch(lines.join('\n'), /health|offloaded/)
})

t.test('of the chosen, in another order, no more than fit', async t => {
  const bench = busy()
  const names = async (words: string[], sort: string, most: number): Promise<string[]> =>
    (await look(bench, words, sort).read(most)).match(/^(TCP|UDP) \S+/gm) ?? []
  t.strictSame(await names(['udp'], 'cps', 20), [`UDP ${VIP}:53`])
  t.strictSame(await names([], 'service', 20), [`TCP ${VIP}:80`, `TCP ${VIP}:81`, `UDP ${VIP}:53`])
  t.strictSame(await names([], 'service', 1), [`TCP ${VIP}:80`])
  t.strictSame(await names([], 'service', -3), [])
})

t.test('drops have a rate from the second look on, and the busiest is first', async t => {
  const bench = busy()
  const again = look(bench)
  t.match(await again.read(0), /^drops +none$/m)
  for (let port = 1001; port <= 1050; port++) bench.receive('c', syn(port, 81))
  t.match(await again.read(0), /^drops +drop-no-destination 50, \S+\/s$/m)
})

t.test('health is not read for each screen; after a lost director all is asked anew', async t => {
  const bench = busy()
  let asked: string[] = []
  let isThere = true
  const health = {
    services: [
      { state: 'up', servers: [] },
      { state: 'down', servers: [] },
    ],
    next: null,
  }
  const vrrp = { instances: [], groups: [], scripts: [], unclaimed: {} }
  const values: Record<string, unknown> = { health, vrrp }
  const control: Control = {
    call: async request => {
      asked.push(request.op)
      if (!isThere) throw new Error('hung up')
      return request.op in values ? { ok: true, value: values[request.op] as never } : bench.control.call(request)
    },
  }
  const again = new Look(control, [], 'cps')
  for (let i = 0; i < 3; i++) t.match(await again.read(5), /^health +1 service up, 1 down, 0 not known yet$/m)
  t.equal(asked.filter(op => op === 'health').length, 1)
  t.equal(asked.filter(op => op === 'announcements').length, 1, 'it announces nothing')
  isThere = false
  await t.rejects(again.read(5), /hung up/)
  isThere = true
  asked = []
  t.match(await again.read(5), /^health/m)
  for (const op of ['health', 'announcements', 'service-sums']) t.ok(asked.includes(op), op)
})

t.test('what is wrong is said', async t => {
  const wrong = [
    [['--sort', 'x'], /^--sort 'x': one of service, .*, cps, /],
    [['--every', '0'], /^--every '0': /],
    [['--sort', 'constructor'], /^--sort 'constructor'/],
  ] as const
  for (const [args, message] of wrong) await t.rejects(async () => top.run([...args]), { message })
})
