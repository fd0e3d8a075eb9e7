import t from 'tap'
import {
  BenchDirector,
  BROADCAST,
  CLIENT_MAC,
  DIP_C,
  DIP_R,
  fromServer,
  MAC_C,
  MAC_R,
  on,
  serverMac,
  VIP,
} from '../support/bench-director.js'
import { parseIpv4 } from '../../src/wire/addr.js'
import { arp, type ArpOptions, concat, hex, tcp4, virtioHeader } from '../support/frames.js'

const NEW_MAC = '02:00:00:00:01:77'

function ask(options: Partial<ArpOptions> = {}): Uint8Array {
  return arp({ operation: 'request', senderMac: CLIENT_MAC, senderAddr: '10.99.1.10', targetAddr: DIP_C, ...options })
}
/** What comes back to `ask`. */
function answer(addr: string, options: { mac?: string; to?: string; toAddr?: string } = {}): Uint8Array {
  const { mac = MAC_C, to = CLIENT_MAC, toAddr = '10.99.1.10' } = options
  return arp({ operation: 'reply', senderMac: mac, senderAddr: addr, targetMac: to, targetAddr: toAddr })
}

t.test('every local address is answered for on any link, with that link’s MAC', async t => {
  const bench = new BenchDirector({ vips: ['10.99.1.101', '198.51.100.0/28'] })
  for (const addr of [DIP_C, DIP_R, '10.99.1.101', '198.51.100.0', '198.51.100.15']) {
    t.strictSame(bench.turn('c', ask({ targetAddr: addr })), ['answered', on('c', answer(addr))], `${addr} on c`)
    t.strictSame(
      bench.turn('r', ask({ senderMac: serverMac(11), senderAddr: '10.99.2.11', targetAddr: addr })),
      ['answered', on('r', answer(addr, { mac: MAC_R, to: serverMac(11), toAddr: '10.99.2.11' }))],
      `${addr} on r`,
    )
  }
  for (const addr of ['198.51.100.16', '10.99.1.102', '10.99.2.11'])
    t.strictSame(bench.turn('c', ask({ targetAddr: addr })), ['drop-arp-not-for-us'], `${addr} is not ours`)
})

const service = (port: number) => ({ protocol: 'tcp', address: VIP, port }) as const

t.test('a VIP is answered for as long as a service or --vip has it', async t => {
  const bench = new BenchDirector()
  const answered = (): boolean => bench.turn('c', ask({ targetAddr: VIP }))[0] === 'answered'
  t.notOk(answered(), 'before')
  bench.serve('tcp', `${VIP}:80`)
  t.ok(answered(), 'one service')
  bench.serve('tcp', `${VIP}:443`)
  bench.must({ op: 'delete-service', service: service(80) })
  t.ok(answered(), 'the other one is left')
  bench.must({ op: 'add-vip', cidr: VIP })
  bench.must({ op: 'delete-service', service: service(443) })
  t.ok(answered(), '--vip is left')
  bench.must({ op: 'delete-vip', cidr: VIP })
  t.notOk(answered(), 'nobody has it')
  bench.serve('tcp', `${VIP}:80`)
  bench.must({ op: 'flush' })
  t.notOk(answered(), 'flushed')
})

t.test('a request is answered whatever padding and virtio-net header it came with', async t => {
  const bench = new BenchDirector()
  t.strictSame(bench.turn('c', ask({ padTo: 60 })), ['answered', on('c', answer(DIP_C))], 'padded')
  const header = virtioHeader({ dataValid: true, hdrLen: 42 })
  t.strictSame(bench.turn('c', ask(), header), ['answered', on('c', answer(DIP_C))], 'DATA_VALID goes')
  const unicast = ask({ eth: `${CLIENT_MAC} > ${MAC_C}` })
  t.strictSame(bench.turn('c', unicast), ['answered', on('c', answer(DIP_C))], 'asked by unicast')
})

t.test('a probe from 0.0.0.0 is answered and teaches nothing', async t => {
  const bench = new BenchDirector()
  t.strictSame(
    bench.turn('c', ask({ senderAddr: '0.0.0.0', targetAddr: DIP_C, senderMac: NEW_MAC })),
    ['answered', on('c', answer(DIP_C, { to: NEW_MAC, toAddr: '0.0.0.0' }))],
    'RFC 5227 §2.1.1: whoever wants our address is told',
  )
  t.strictSame(bench.turn('c', ask({ senderAddr: '0.0.0.0', targetAddr: '10.99.1.77' })), ['drop-arp-not-for-us'])
})

/** What no host can have: nowhere, loopback, groups, everybody, everybody on c. */
const NO_HOSTS = ['0.0.0.0', '0.0.0.7', '127.0.0.1', '224.0.0.5', '239.1.1.1', '255.255.255.255', '10.99.1.255']

t.test('a service on an address that no host can have claims nothing, and is in nobody’s way', async t => {
  for (const address of NO_HOSTS) {
    const bench = new BenchDirector()
    for (const when of ['served', 'served twice', 'once again', 'gone']) {
      if (when === 'served') bench.serve('tcp', `${address}:80`, '10.99.2.11:80')
      else if (when === 'served twice') bench.serve('udp', `${address}:80`, '10.99.2.11:80')
      else
        bench.must({ op: 'delete-service', service: { protocol: when === 'gone' ? 'udp' : 'tcp', address, port: 80 } })
      bench.poll(10)
      t.strictSame(bench.out(), [], `${address} ${when}: not announced`)
      t.not(bench.turn('c', ask({ targetAddr: address }))[0], 'answered', `${address} ${when}: not answered for`)
      t.equal(bench.turn('c', ask({ senderAddr: address }))[0], 'answered', `${address} ${when}: no spoof`)
    }
  }
})

t.test('of a block, the addresses that no host can have are claimed by nobody', async t => {
  const bench = new BenchDirector({ vips: ['10.99.1.128/25', '126.0.0.0/7', '192.0.0.0/2'] })
  for (const targetAddr of ['10.99.1.128', '10.99.1.254', '126.0.0.1', '223.255.255.1', '240.0.0.1'])
    t.equal(bench.turn('c', ask({ targetAddr }))[0], 'answered', targetAddr)
  for (const targetAddr of NO_HOSTS)
    t.not(bench.turn('c', ask({ targetAddr }))[0], 'answered', `${targetAddr} is not answered for`)
  for (const senderAddr of NO_HOSTS)
    t.equal(bench.turn('c', ask({ senderAddr }))[0], 'answered', `${senderAddr} is no spoof`)
})

t.test('who says that our address is his is not believed, nor answered', async t => {
  const bench = new BenchDirector({ vips: ['198.51.100.0/28'] })
  bench.serve('tcp', `${VIP}:80`)
  for (const addr of [DIP_C, DIP_R, VIP, '198.51.100.3'])
    for (const operation of ['request', 'reply'] as const)
      for (const targetAddr of [DIP_C, addr, '10.99.1.77'])
        t.strictSame(
          bench.turn(
            'c',
            ask({ operation, senderAddr: addr, targetAddr, senderMac: NEW_MAC, eth: `${NEW_MAC} > ${BROADCAST}` }),
          ),
          ['drop-arp-spoofs-us'],
          `${operation} from ${addr} about ${targetAddr}`,
        )
  const groupMac = ask({ senderMac: '03:00:00:00:00:01', senderAddr: '10.99.1.77' })
  t.strictSame(bench.turn('c', groupMac), ['drop-arp-spoofs-us'], 'a group MAC is nobody’s')
  const broadcastMac = ask({ senderMac: BROADCAST, senderAddr: '10.99.1.77' })
  t.strictSame(bench.turn('c', broadcastMac), ['drop-arp-spoofs-us'], 'nor the broadcast MAC')
})

t.test('what is not ARP for IPv4 over Ethernet is malformed', async t => {
  const bench = new BenchDirector()
  const whole = ask()
  for (let len = 14; len < 42; len++)
    t.strictSame(bench.turn('c', whole.slice(0, len)), ['drop-arp-malformed'], `${len} octets`)
  const changes: [what: string, at: number, to: number][] = [
    ['hardware type 6', 15, 6],
    ['protocol type 0x86dd', 16, 0x86],
    ['hardware length 8', 18, 8],
    ['protocol length 16', 19, 16],
    ['operation 0', 21, 0],
    ['operation 3', 21, 3],
    ['operation 257', 20, 1],
  ]
  for (const [what, at, to] of changes) {
    const frame = whole.slice()
    frame[at] = to
    t.strictSame(bench.turn('c', frame), ['drop-arp-malformed'], what)
  }
  for (const targetAddr of ['127.0.0.1', '224.0.0.1', '239.255.255.255'])
    t.strictSame(bench.turn('c', ask({ targetAddr })), ['drop-arp-malformed'], `about ${targetAddr}`)
})

/** The MAC to which the director sends a packet for `addr`, or 'asks'. */
function macOf(bench: BenchDirector, addr: string): string {
  bench.receive('r', tcp4(`10.99.2.11:1 > ${addr}:1`, fromServer()))
  const [sent] = bench.take()
  return sent && sent.frame[12] === 8 && sent.frame[13] === 0 ? hex(sent.frame.slice(0, 6)) : 'asks'
}
const macHex = (mac: string): string => mac.replaceAll(':', '')

t.test('who asks us is remembered, so that the answer need not ask back', async t => {
  const bench = new BenchDirector()
  bench.turn('c', ask({ senderAddr: '10.99.1.77', senderMac: NEW_MAC }))
  t.equal(macOf(bench, '10.99.1.77'), macHex(NEW_MAC))
})

t.test('who shouts without asking us is not remembered', async t => {
  const bench = new BenchDirector()
  const words: [string, Uint8Array][] = [
    ['a request for somebody else', ask({ senderAddr: '10.99.1.77', senderMac: NEW_MAC, targetAddr: '10.99.1.78' })],
    ['a gratuitous request', ask({ senderAddr: '10.99.1.77', senderMac: NEW_MAC, targetAddr: '10.99.1.77' })],
    [
      'a reply that nobody asked for',
      ask({ operation: 'reply', senderAddr: '10.99.1.77', senderMac: NEW_MAC, eth: `${NEW_MAC} > ${MAC_C}` }),
    ],
  ]
  for (const [what, frame] of words) {
    bench.turn('c', frame)
    t.equal(macOf(new BenchDirector(), '10.99.1.77'), 'asks', 'unknown to begin with')
    t.equal(macOf(bench, '10.99.1.77'), 'asks', what)
    bench.run(4000)
  }
})

t.test('known neighbours are brought up to date by what they shout', async t => {
  const bench = new BenchDirector()
  const known = '02:00:00:00:01:70'
  const words: [string, Uint8Array][] = [
    ['a request for somebody else', ask({ senderAddr: '10.99.1.77', senderMac: NEW_MAC, targetAddr: '10.99.1.78' })],
    ['a gratuitous request', ask({ senderAddr: '10.99.1.77', senderMac: NEW_MAC, targetAddr: '10.99.1.77' })],
    [
      'a gratuitous reply',
      ask({
        operation: 'reply',
        senderAddr: '10.99.1.77',
        senderMac: NEW_MAC,
        targetAddr: '10.99.1.77',
        eth: `${NEW_MAC} > ${BROADCAST}`,
      }),
    ],
  ]
  for (const [what, frame] of words) {
    bench.turn('c', ask({ senderAddr: '10.99.1.77', senderMac: known }))
    t.equal(macOf(bench, '10.99.1.77'), macHex(known))
    bench.turn('c', frame)
    t.equal(macOf(bench, '10.99.1.77'), macHex(NEW_MAC), what)
  }
})

t.test('a neighbour is known by link and address: the same address on another link is another one', async t => {
  const bench = new BenchDirector()
  bench.turn('r', ask({ senderAddr: '10.99.1.77', senderMac: NEW_MAC }))
  t.equal(macOf(bench, '10.99.1.77'), 'asks', 'said on r, wanted on c')
})

t.test('static neighbours never change', async t => {
  const bench = new BenchDirector()
  const stranger = { senderAddr: '10.99.1.10', senderMac: NEW_MAC }
  t.equal(bench.turn('c', ask(stranger))[0], 'answered', 'he is answered, where he says he is')
  bench.turn('c', ask({ ...stranger, targetAddr: '10.99.1.10' }))
  bench.turn('c', ask({ ...stranger, operation: 'reply', eth: `${NEW_MAC} > ${MAC_C}` }))
  t.equal(macOf(bench, '10.99.1.10'), macHex(CLIENT_MAC), 'and not believed')
})

t.test('octets behind the ARP packet are no part of it', async t => {
  const bench = new BenchDirector()
  const trailer = concat(
    ask(),
    Uint8Array.from({ length: 100 }, () => 0xee),
  )
  t.strictSame(bench.turn('c', trailer), ['answered', on('c', answer(DIP_C))])
})

t.test('a backup hears where its master is: a virtual address that another host has', async t => {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
  const master = ask({ senderAddr: VIP, senderMac: NEW_MAC, targetAddr: VIP })
  t.equal(bench.turn('c', master)[0], 'drop-arp-spoofs-us')
  bench.director.ownAddresses.withhold([parseIpv4(VIP)!])
  bench.poll()
  t.equal(bench.turn('c', master)[0], 'drop-arp-not-for-us', 'and it answers for it no longer')
  bench.must({ op: 'add-vip', cidr: VIP })
  bench.poll()
  t.match(bench.out(), [/arp/], 'who becomes master announces it between two frames')
  t.equal(bench.turn('c', ask({ targetAddr: VIP }))[0], 'answered')
  t.equal(bench.turn('c', master)[0], 'drop-arp-spoofs-us')
})
