import t from 'tap'
import type { EndedInfo, MethodName, ServiceKey } from '../../../src/control/protocol/api.js'
import { endpoint, fromClient, fromServer, VIP } from '../../support/bench-director.js'
import { packetOf, tcp4 } from '../../support/frames.js'
import { destinationSettings } from '../../support/settings.js'
import { CLIENT, RS, Scene } from '../scene.js'

const TCP = `tcp ${VIP}:80`
const [A, B] = [`${RS[0]}:80`, `${RS[1]}:80`]
/** The flags of a reset that answers an ACK. */
const RESET = 4
const LIP = '10.99.2.201'

/** A round through the table; what it ended, page by page. */
function round(scene: Scene, service: ServiceKey, server: string): EndedInfo[] {
  const pages: EndedInfo[] = []
  for (let from: number | null = 0; from !== null; from = pages.at(-1)!.next) {
    const page = scene.ask({ op: 'end-connections', service, destination: endpoint(server), from })
    if (typeof page === 'string') throw new Error(page)
    pages.push(page)
  }
  return pages
}
const ended = (pages: EndedInfo[]): string =>
  `${pages.reduce((sum, page) => sum + page.connections, 0)} ${pages.reduce((sum, page) => sum + page.templates, 0)}`

t.test('the connections of one real server in one service go, all others stay, and the counts are right', t => {
  const scene = new Scene()
  const key = scene.service(TCP, {}, A, B)
  const other = scene.service(`tcp ${VIP}:81`, {}, A)
  for (let port = 1; port <= 10; port++) scene.connect(`${CLIENT}:${port}`)
  scene.tcp(`${CLIENT}:1`, undefined, 'FA')
  scene.tcp(`${CLIENT}:2`, undefined, 'FA')
  scene.connect(`${CLIENT}:1`, `${VIP}:81`)
  t.strictSame([scene.counts(key, A), scene.counts(key, B), scene.counts(other, A)], ['4–1', '4–1', '1–0'])
  t.equal(ended(round(scene, key, A)), '5 0')
  t.strictSame([scene.counts(key, A), scene.counts(key, B), scene.counts(other, A)], ['0–0', '4–1', '1–0'])
  t.equal(ended(round(scene, key, A)), '0 0', 'a second round finds none')
  t.equal(scene.connections().length, 6)
  scene.run(130_000)
  t.strictSame([scene.counts(key, A), scene.counts(key, B)], ['0–0', '4–0'], 'no timer fires for what is gone')
  t.end()
})

t.test('templates go too, with connections or without, so that their clients find another server', t => {
  for (const assured of [true, false]) {
    const scene = new Scene()
    const key = scene.service(TCP, { persistence: 360 }, A, B)
    const connect = (client: string): string => (assured ? scene.connect(client) : scene.tcp(client))
    t.equal(connect(`${CLIENT}:1`), B)
    connect(`${CLIENT}:2`)
    t.equal(connect('10.99.1.11:1'), A)
    t.equal(connect('10.99.1.12:1'), B)
    scene.tcp('10.99.1.12:1', undefined, 'R')
    scene.run(assured ? 11_000 : 61_000)
    const open = assured ? 2 : 0
    t.match(scene.counts(key, B), assured ? '2–0–2' : '0–0–2')
    scene.editServer(key, `${B} 0`)
    t.equal(connect(`${CLIENT}:3`), B, 'a template sends on to weight 0')
    t.equal(ended(round(scene, key, B)), `${open + 1} 2`)
    t.equal(scene.counts(key, B), '0–0')
    t.equal(connect(`${CLIENT}:4`), A)
    t.equal(connect('10.99.1.12:2'), A)
  }
  t.end()
})

t.test('a template that was met first, before its connections, is not found meanwhile', t => {
  const scene = new Scene({ maxConnections: 2 ** 17 })
  const key = scene.service(TCP, { persistence: 360 }, A)
  for (let port = 1000; port < 3000; port++) scene.connect(`${CLIENT}:${port}`)
  const destination = endpoint(A)
  for (let from: number | null = 0, pages = 0; from !== null; pages++) {
    const page: EndedInfo | string = scene.ask({ op: 'end-connections', service: key, destination, from })
    if (typeof page === 'string') throw new Error(page)
    t.ok(page.next === null || page.next > from, `page ${pages} ended ${page.connections}, ${page.templates}`)
    from = page.next
    if (from === null) t.equal(pages, 3, 'four pages')
  }
  t.equal(scene.counts(key, A), '0–0')
  t.strictSame(scene.connections(), [])
  t.end()
})

t.test('a page meets a bounded number of connections', t => {
  const scene = new Scene({ maxConnections: 16_384 })
  const key = scene.service(`udp ${VIP}:53`, {}, `${RS[0]}:53`)
  for (let port = 1000; port < 11_000; port++) scene.udp(`${CLIENT}:${port}`)
  const pages = round(scene, key, `${RS[0]}:53`)
  t.equal(ended(pages), '10000 0')
  t.ok(pages.length >= 3 && pages.every(({ connections }) => connections < 4200), `${pages.length} pages`)
  t.end()
})

/** A director with a service over A by `method`, a connection in it that is then ended. */
function afterReset(method: MethodName, protocol: 'tcp' | 'udp' = 'tcp'): Scene {
  const scene = new Scene()
  const key = scene.service(`${protocol} ${VIP}:80`)
  if (method === 'fullnat') scene.must({ op: 'add-local-address', service: key, address: LIP })
  scene.must({
    op: 'add-destination',
    service: key,
    destination: endpoint(A),
    settings: destinationSettings(1, { method }),
  })
  scene.poll()
  scene.take()
  if (protocol === 'udp') scene.udp(`${CLIENT}:1`, `${VIP}:80`)
  else for (const flags of ['S', 'A']) scene.tcp(`${CLIENT}:1`, undefined, flags)
  scene.run(10)
  scene.editServer(key, `${A} 0`)
  t.equal(ended(round(scene, key, A)), '1 0', `${method} ${protocol}`)
  return scene
}

t.test('what a client meets that goes on sending: RST in every method; ICMP 3/3 with UDP', t => {
  for (const method of ['masq', 'direct', 'tunnel', 'fullnat'] as const) {
    const scene = afterReset(method)
    const data = tcp4(`${CLIENT}:1 > ${VIP}:80`, { flags: 'PA', payload: 5, ...fromClient })
    t.equal(scene.receive('c', data), 'answered', method)
    t.strictSame(
      scene.take().map(({ link, frame }) => [link, packetOf(frame)[33]]),
      [['c', RESET]],
      method,
    )
    t.equal(scene.tcp(`${CLIENT}:1`, undefined, 'S'), 'drop-no-destination', `${method}: begun anew`)
  }
  const scene = afterReset('masq', 'udp')
  t.equal(scene.udp(`${CLIENT}:1`, `${VIP}:80`), 'drop-no-destination')
  t.match(scene.lastSent, [/^c .*icmp 3\/3/])
  t.end()
})

t.test('what a real server meets that goes on sending', t => {
  const nat = afterReset('masq')
  t.equal(nat.tcpAnswer(A, `${CLIENT}:1`, 'PA'), 'forwarded', 'NAT: its own address goes to the client, who resets it')
  const told = afterReset('masq')
  told.sysctl('nat_icmp_send', 1)
  t.equal(told.tcpAnswer(A, `${CLIENT}:1`, 'PA'), 'drop-no-connection', 'NAT with nat_icmp_send: 3/3')
  const fullnat = new Scene()
  const key = fullnat.service(TCP)
  fullnat.must({ op: 'add-local-address', service: key, address: LIP })
  const settings = destinationSettings(1, { method: 'fullnat' })
  fullnat.must({ op: 'add-destination', service: key, destination: endpoint(A), settings })
  fullnat.poll()
  fullnat.take()
  fullnat.tcp(`${CLIENT}:1`)
  const page = fullnat.ask({ op: 'connections', from: 0 })
  const { lport } = typeof page === 'string' ? { lport: 0 } : page.rows[0]!
  round(fullnat, key, A)
  t.equal(fullnat.receive('r', tcp4(`${A} > ${LIP}:${lport}`, { flags: 'PA', ...fromServer() })), 'answered', 'FULLNAT')
  t.equal(fullnat.director.conns.fullnatKeys.resting, 1, 'the local port rests for a minute')
  t.end()
})
