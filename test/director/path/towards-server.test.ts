import t from 'tap'
import type { DestinationSettingsInfo, MethodName, ServiceInfo } from '../../../src/control/protocol/api.js'
import {
  BenchDirector,
  endpoint,
  errorAbout,
  fromClient,
  fromServer,
  on,
  oneHopOn,
  toClient,
  toServer,
  VIP,
} from '../../support/bench-director.js'
import { decode, icmp4, partialHeader, tcp4, udp4, unhex, virtioHeader } from '../../support/frames.js'
import { hex } from '../../support/octets.js'
import { inPieces, joined } from '../../support/pieces.js'
import { destinationSettings, serviceSettings } from '../../support/settings.js'

const METHODS: MethodName[] = ['masq', 'direct', 'tunnel']
const TCPV4 = 1

function bench(
  server: string,
  more: Partial<DestinationSettingsInfo>,
  options: ConstructorParameters<typeof BenchDirector>[0] = {},
): BenchDirector {
  const made = new BenchDirector(options)
  for (const protocol of ['tcp', 'udp'] as const) {
    const service = { protocol, ...endpoint(`${VIP}:80`) }
    made.must({ op: 'add-service', service, settings: serviceSettings('rr') })
    const settings = destinationSettings(1, more)
    made.must({ op: 'add-destination', service, destination: endpoint(server), settings })
  }
  made.poll()
  made.take()
  return made
}
const flow = `10.99.1.10:40000 > ${VIP}:80`
const direct = { method: 'direct' } as const

t.test('DR: MACs, TTL and the IP checksum change, and nothing else', async t => {
  const made = bench('10.99.2.11:80', direct)
  for (const more of [
    { payload: 0 },
    { payload: 1460 },
    { payload: 33, checksum: 0x1234 },
    { payload: 33, df: false, id: 0, tos: 0xff, ttl: 2 },
    { payload: 33, ipOptions: unhex('0707040000000000') },
    { payload: 3, padTo: 60 },
  ])
    for (const make of [tcp4, udp4]) {
      const frame = make(flow, { ...fromClient, ...more })
      t.equal(made.receive('c', frame), 'balanced')
      const [sent, ...others] = made.take()
      t.equal(hex(sent!.frame.slice(14)), hex(oneHopOn(frame)), `${make.name} ${JSON.stringify(more)}`)
      t.equal(hex(sent!.frame.slice(0, 12)), '020000000211020000000201')
      t.strictSame([sent!.link, others.length, sent!.header], ['r', 0, virtioHeader()])
    }
})

t.test('DR: partial checksums and GSO frames pass as they are', async t => {
  const made = bench('10.99.2.11:80', direct)
  made.receive('c', tcp4(flow, fromClient))
  made.take()
  const frame = tcp4(flow, { ...fromClient, flags: 'PA', payload: 20_000, partial: true })
  const header = partialHeader(frame, { gsoType: TCPV4, gsoSize: 1448 })
  t.equal(made.receive('c', frame, header), 'balanced')
  const [sent, ...others] = made.take()
  t.equal(others.length, 0)
  t.equal(hex(sent!.frame.slice(14)), hex(oneHopOn(frame)))
  t.strictSame(sent!.header, partialHeader(frame, { gsoType: TCPV4, gsoSize: 1448, hdrLen: 54 }))
})

t.test('a datagram in pieces leaves in pieces, also where it would fit whole; DR’s port stays', async t => {
  for (const [payload, starts, expected] of [
    [3000, [0, 1480, 2504], ['0–1480', '1480–2504', '2504–3008']],
    // The kernel has put these together in one buffer: what is left of them is how large the largest was.
    [100, [0, 24, 56], ['0–48', '48–96', '96–108']],
  ] as const) {
    const made = bench('10.99.2.11:80', direct)
    const whole = udp4(flow, { ...fromClient, df: false, payload })
    const pieces = inPieces(whole, ...starts)
    const verdicts = [2, 0, 1].map(i => made.receive('c', pieces[i]!))
    t.strictSame(verdicts, ['held', 'held', 'balanced'])
    const { frame, cuts } = joined(made.take().map(sent => sent.frame))
    t.strictSame(cuts, expected)
    t.equal(hex(frame.slice(14)), hex(oneHopOn(whole)))
    const nat = bench('10.99.2.11:53', { method: 'masq' })
    for (const piece of pieces) nat.receive('c', piece)
    const translated = joined(nat.take().map(sent => sent.frame))
    t.strictSame(translated.cuts, expected)
    const right = udp4('10.99.1.10:40000 > 10.99.2.11:53', { ...toServer(), df: false, payload, ttl: 63 })
    t.equal(hex(translated.frame), hex(right), 'by NAT, translated, its checksum right')
  }
})

t.test('an answer of DR or TUN that comes by is counted, moves the state, and stays as it is', async t => {
  const vip = '10.99.1.101'
  const from = '10.99.1.10:40000'
  for (const method of ['direct', 'tunnel'] as const) {
    // Of a mark: the VIP need not be ours when the answer comes.
    const made = new BenchDirector({ vips: [vip] })
    made.must({ op: 'add-mark', rule: { protocol: 'tcp', to: vip, ports: [{ first: 80, last: 80 }], mark: 7 } })
    const service = { mark: 7 }
    made.must({ op: 'add-service', service, settings: serviceSettings('rr') })
    const settings = destinationSettings(1, { method })
    made.must({ op: 'add-destination', service, destination: endpoint('10.99.2.11:0'), settings })
    const syn = tcp4(`${from} > ${vip}:80`, fromClient)
    t.equal(made.receive('c', syn), 'balanced')
    made.take()
    const answer = tcp4(`${vip}:80 > ${from}`, { ...fromServer(), flags: 'SA' })
    t.equal(made.receive('r', answer), 'drop-source-is-ours', 'while the VIP is ours it cannot be')
    made.must({ op: 'delete-vip', cidr: vip })
    t.equal(made.receive('r', answer), 'balanced', method)
    t.equal(hex(made.take()[0]!.frame.slice(14)), hex(oneHopOn(answer)), 'not translated')
    const own = tcp4(`10.99.2.11:80 > ${from}`, { ...fromServer(), flags: 'SA' })
    t.equal(made.receive('r', own), 'forwarded', 'from its own address it is nobody’s answer')
    made.take()
    const last = tcp4(`${vip}:80 > ${from}`, { ...fromServer(), flags: 'FA' })
    t.equal(made.receive('r', last), 'balanced')
    const [connection] = (made.ask({ op: 'connections', from: 0 }) as { rows: { state: string }[] }).rows
    t.equal(connection!.state, 'TIME_WAIT', 'SYN_RECV, and a FIN of the server’s')
    made.run(2100)
    const [info] = made.services() as ServiceInfo[]
    t.equal(info!.stats.outPkts, 2)
  }
})

for (const method of METHODS) {
  t.test(`${method}: no route to the real server: host unreachable, from the VIP`, async t => {
    const made = bench('192.0.2.1:80', { method }, { routes: [] })
    const frame = tcp4(flow, fromClient)
    t.equal(made.receive('c', frame), 'drop-no-route')
    const [error] = made.take()
    const about = { type: 3, code: 1, ...toClient }
    t.equal(on('c', error!.frame), on('c', errorAbout(frame.slice(14), `${VIP} > 10.99.1.10`, about, error!.frame)))
  })

  t.test(`${method}: TTL 1: time exceeded, from the VIP; the connection is there and counted`, async t => {
    const made = bench('10.99.2.11:80', { method })
    for (const ttl of [1, 0]) {
      const frame = tcp4(flow, { ...fromClient, ttl })
      t.equal(made.receive('c', frame), 'drop-ttl')
      const [error] = made.take()
      const about = { type: 11, code: 0, ...toClient }
      t.equal(on('c', error!.frame), on('c', errorAbout(frame.slice(14), `${VIP} > 10.99.1.10`, about, error!.frame)))
    }
    t.equal(made.director.conns.table.count, 1)
    made.run(2100)
    const infos = made.services() as ServiceInfo[]
    t.equal(infos.find(info => 'protocol' in info && info.protocol === 'tcp')!.stats.inPkts, 2)
  })

  t.test(`${method}: too large with DF: the error names the MTU, the quoted packet’s TTL is one less`, async t => {
    const overhead = method === 'tunnel' ? 20 : 0
    const made = bench('10.99.2.11:80', { method }, { routes: ['10.99.2.11/32=@r,mtu=1400'] })
    const frame = udp4(flow, { ...fromClient, payload: 1373 - overhead })
    t.equal(made.receive('c', frame), 'drop-too-big')
    const [error] = made.take()
    const about = { type: 3, code: 4, rest: 1400 - overhead, ...toClient }
    t.equal(on('c', error!.frame), on('c', errorAbout(oneHopOn(frame), `${VIP} > 10.99.1.10`, about, error!.frame)))
    t.equal(made.receive('c', udp4(flow, { ...fromClient, payload: 1372 - overhead })), 'balanced')
    made.take()
    made.must({ op: 'set-sysctl', name: 'pmtu_disc', value: '0' })
    t.equal(made.receive('c', frame), method === 'tunnel' ? 'balanced' : 'drop-too-big', 'pmtu_disc is for tunnels')
  })

  t.test(`${method}: an ICMP error is never refused for its size`, async t => {
    const made = bench('10.99.2.11:80', { method }, { routes: ['10.99.2.11/32=@r,mtu=300'] })
    made.receive('c', tcp4(flow, fromClient))
    made.take()
    const payload = oneHopOn(tcp4(`${VIP}:80 > 10.99.1.10:40000`, { payload: 400 }))
    const frame = icmp4(`10.99.1.77 > ${VIP}`, { type: 3, code: 1, payload, ...fromClient })
    t.equal(made.receive('c', frame), 'balanced')
    t.ok(made.take().every(({ link }) => link === 'r'))
  })

  t.test(`${method}: the director itself as its own real server`, async t => {
    // Port 81 has no listener: what answers is the host, with RST, or port unreachable.
    const port = method === 'masq' ? 81 : 80
    const made = bench(`10.99.2.1:${port}`, { method })
    const frame = tcp4(flow, { ...fromClient, ttl: 1, seq: 7 })
    t.equal(made.receive('c', frame), 'answered', 'no TTL counts on the way to ourselves')
    const [reset] = made.take()
    const fields = decode(reset!.frame)
    t.strictSame(
      ['ip.src', 'ip.dst', 'tcp.srcPort', 'tcp.dstPort', 'tcp.flags', 'tcp.ack', 'tcp.checksumIs', 'ip.checksumIs'].map(
        name => fields[name],
      ),
      [VIP, '10.99.1.10', 80, 40_000, 'RA', 8, 'right', 'right'],
      'translated back to the virtual service',
    )
    const [connection] = (made.ask({ op: 'connections', from: 0 }) as { rows: { state: string }[] }).rows
    t.equal(connection!.state, 'CLOSE', 'the reset moved its state')
    t.equal(made.receive('c', udp4(flow, { ...fromClient, payload: 9 })), 'refused')
    const [unreachable] = made.take()
    const error = decode(unreachable!.frame)
    t.strictSame(
      ['ip.src', 'ip.dst', 'icmp.type', 'icmp.code', 'in.ip.dst', 'in.udp.dstPort', 'icmp.checksumIs'].map(
        n => error[n],
      ),
      [VIP, '10.99.1.10', 3, 3, VIP, 80, 'right'],
    )
    made.run(2100)
    const infos = made.services() as ServiceInfo[]
    t.strictSame(
      infos.map(({ stats }) => `${stats.inPkts} ${stats.outPkts}`),
      ['1 1', '1 1'],
      'both ways are counted',
    )
  })
}

t.test('a partial checksum on the way to ourselves is believed', async t => {
  for (const method of METHODS) {
    const made = bench(`10.99.2.1:${method === 'masq' ? 81 : 80}`, { method })
    const frame = tcp4(flow, { ...fromClient, partial: true })
    t.equal(made.receive('c', frame, partialHeader(frame)), 'answered', method)
    t.equal(decode(made.take()[0]!.frame)['tcp.checksumIs'], 'right')
  }
})

t.test('127.0.0.1 as a real server: not by NAT; otherwise it is the director', async t => {
  for (const [method, verdict] of [
    ['masq', 'drop-real-server-loopback'],
    ['direct', 'answered'],
    ['tunnel', 'answered'],
  ] as const)
    t.equal(bench('127.0.0.1:80', { method }).receive('c', tcp4(flow, fromClient)), verdict, method)
})

t.test('a method that is edited is the next connection’s; open ones keep theirs', async t => {
  const made = bench('10.99.2.11:80', { method: 'masq' })
  const service = { protocol: 'tcp' as const, ...endpoint(`${VIP}:80`) }
  const destination = endpoint('10.99.2.11:80')
  const how = (port: number): string => {
    made.receive('c', tcp4(`10.99.1.10:${port} > ${VIP}:80`, fromClient))
    const { frame } = made.take()[0]!
    return frame[23] === 4 ? 'tunnel' : decode(frame)['ip.dst'] === VIP ? 'direct' : 'masq'
  }
  for (const [i, method] of METHODS.entries()) {
    const settings = destinationSettings(1, { method })
    made.must({ op: 'edit-destination', service, destination, settings })
    how(i + 1)
    t.strictSame(
      METHODS.slice(0, i + 1).map((_, before) => how(before + 1)),
      METHODS.slice(0, i + 1),
      `now ${method}`,
    )
  }
})

t.test('to a server whose MAC is not known every method’s packets wait, whole', async t => {
  for (const method of METHODS) {
    const made = bench('10.99.2.77:80', { method })
    const frame = udp4(flow, { ...fromClient, df: false, payload: 2000 })
    t.strictSame(
      inPieces(frame, 0, 1480).map(piece => made.receive('c', piece)),
      ['held', 'held'],
    )
    made.take()
    made.poll(1)
    const reply = unhex('020000000201020000000277 0806 0001080006040002 0200000002770a63024d 0200000002010a630201')
    t.equal(made.receive('r', reply), 'consumed')
    const sent = made.take()
    t.equal(sent.length, 2, method)
    t.ok(sent.every(each => hex(each.frame.slice(0, 6)) === '020000000277'))
  }
})
