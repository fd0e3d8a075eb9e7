import t from 'tap'
import { SimulatedFlows } from '../../support/simulated-flows.js'
import { RS, Scene } from '../scene.js'

/* A director is killed; the next one takes over the connections of a persistent service, and to which real server their clients go. */

const SERVERS = [`${RS[0]}:8080`, `${RS[1]}:8080`]
const CLIENTS = ['10.99.1.10', '10.99.1.11', '10.99.1.12', '10.99.1.13'] as const
const SERVICE = 'tcp 10.99.1.100:80'
const KEY = { protocol: 'tcp', address: '10.99.1.100', port: 80 } as const

class Kept extends Scene {
  readonly flows: SimulatedFlows
  constructor(before?: SimulatedFlows, more: { maxConnections?: number } = {}) {
    const flows = new SimulatedFlows()
    super({ offload: flows, ...more, ...(before && { leftFlows: [before.left()] }) })
    this.flows = flows
  }
  rules(persistence = 360): void {
    this.service(SERVICE, { persistence }, ...SERVERS)
  }
  /** A connection whose flows are in the program. Returns its real server. */
  open(from: string): string {
    const server = this.connect(from)
    for (let i = 0; i < 4; i++) {
      this.tcp(from, undefined, 'A')
      this.tcpAnswer(server, from, 'A')
    }
    return server
  }
  /** Of each real server, active–inactive–templates. */
  get templates(): string[] {
    return SERVERS.map(server => this.counts(KEY, server))
  }
}
const from = (client: string, port: number): string => `${client}:${port}`

/** A director that was killed, and to which real server each client had been sent. */
function killed(): { flows: SimulatedFlows; servers: string[] } {
  const director = new Kept()
  director.rules()
  const servers = CLIENTS.map(client => director.open(from(client, 4000)))
  return { flows: director.flows, servers }
}

t.test('a client’s next connection goes to its real server', async t => {
  const { flows, servers } = killed()
  t.strictSame(new Set(servers), new Set(SERVERS), 'the clients are not all at one')
  const director = new Kept(flows)
  director.rules()
  director.run(3000)
  t.strictSame(director.templates, ['2–0–2', '2–0–2'])
  for (const [i, client] of CLIENTS.entries())
    for (const port of [4001, 4002, 4003])
      t.equal(director.connect(from(client, port)), servers[i], `${client}:${port}`)
  t.strictSame(director.templates, ['8–0–2', '8–0–2'], 'no further template')
})

t.test('one that has been sent to another meanwhile stays there', async t => {
  const { flows, servers } = killed()
  const director = new Kept(flows)
  const key = director.service(SERVICE, { persistence: 360 })
  const other = SERVERS.find(server => server !== servers[0])!
  director.addServer(key, other)
  t.equal(director.connect(from(CLIENTS[0], 4001)), other)
  director.addServer(key, servers[0]!)
  director.run(3000)
  t.equal(director.connect(from(CLIENTS[0], 4002)), other)
  const taken = director.connections().filter(line => / \S+:4000 /.test(line))
  t.equal(taken.length, CLIENTS.length, 'all were taken over')
})

t.test('without persistence there is no template', async t => {
  const { flows } = killed()
  const director = new Kept(flows)
  director.rules(0)
  director.run(3000)
  t.strictSame(director.templates, ['2–0', '2–0'])
})

t.test('where there is room for connections alone they are taken over without', async t => {
  const { flows } = killed()
  const director = new Kept(flows, { maxConnections: 5 })
  director.rules()
  director.run(3000)
  t.equal(director.director.conns.table.count, 5)
})

t.test('a template ends with its time and its connections', async t => {
  const { flows } = killed()
  const director = new Kept(flows)
  director.rules(30)
  director.run(3000)
  t.strictSame(director.templates, ['2–0–2', '2–0–2'])
  for (const client of CLIENTS) director.tcp(from(client, 4000), undefined, 'R')
  director.run(100_000)
  t.strictSame(director.templates, ['0–0', '0–0'])
})
