import t from 'tap'
import {
  CADDR,
  CONTROLLER,
  ConnFlag,
  CPORT_VPORT,
  FLAGS,
  DADDR,
  DPORT_PROTOCOL,
  NEXT,
  NONE,
  RECORD_WORDS,
  VADDR,
} from '../../src/conn/record.js'
import type { ConnIndex } from '../../src/conn/record.js'
import { ConnTable, MAX_CONNECTIONS } from '../../src/conn/table.js'
import { Method } from '../../src/service/method.js'
import { seededRandom } from '../../src/director/random.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

const TCP = 6
const UDP = 17
/** 203.0.113.7, 198.51.100.1 and 10.1.0.1: the first two are negative as signed numbers. */
const CLIENT = (0xcb007107 | 0) as Ipv4Addr
const VIP = (0xc6336401 | 0) as Ipv4Addr
const SERVER = 0x0a010001 as Ipv4Addr

/** Every bucket from its newest on, records only once; throws if a list runs in a circle. */
function chains(table: ConnTable): ConnIndex[][] {
  const all: ConnIndex[][] = []
  let met = 0
  for (let bucket = 0; bucket < table.buckets; bucket++) {
    const chain: ConnIndex[] = []
    for (let conn = table.bucketHead(bucket); conn !== NONE; conn = table.words[conn + NEXT]! as ConnIndex) {
      if (++met > table.capacity) throw new Error(`bucket ${bucket} runs in a circle`)
      chain.push(conn)
    }
    if (chain.length > 0) all.push(chain)
  }
  return all
}

function bind(table: ConnTable, conn: ConnIndex, daddr: number, dport: number, protocol: number): void {
  table.words[conn + DADDR] = daddr
  table.words[conn + DPORT_PROTOCOL] = (dport << 16) | protocol
}

function permutations<T>(items: T[]): T[][] {
  if (items.length < 2) return [items]
  return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map(rest => [item, ...rest]))
}

const NO_WORDS = new Int32Array(0)

t.test('a connection is found from either side', async t => {
  for (const protocol of [TCP, UDP]) {
    for (const [cport, vport, dport] of [
      [40000, 80, 8080],
      [1, 0, 0],
      [65535, 65535, 65535],
      [1, 32768, 255],
    ] as const) {
      const table = new ConnTable(4, seededRandom(1))
      const what = `protocol ${protocol}, ports ${cport} ${vport} ${dport}`
      const conn = table.insert(protocol, CLIENT, cport, VIP, vport)
      t.equal(table.lookupInbound(protocol, CLIENT, cport, VIP, vport), conn, `${what}: before it has a server`)
      bind(table, conn, SERVER, dport, protocol)
      t.equal(table.lookupInbound(protocol, CLIENT, cport, VIP, vport), conn, `${what}: inbound`)
      t.equal(table.lookupOutbound(protocol, SERVER, dport, CLIENT, cport), conn, `${what}: outbound`)
      t.equal(table.count, 1, `${what}: counted`)
    }
  }
})

t.test('every part of the key counts, both ways', async t => {
  // All connections share one client, so that most of these are in the same bucket.
  const table = new ConnTable(8, seededRandom(1))
  const conn = table.insert(TCP, CLIENT, 40000, VIP, 80)
  bind(table, conn, SERVER, 8080, TCP)
  const inbound = [TCP, CLIENT, 40000, VIP, 80] as const
  const outbound = [TCP, SERVER, 8080, CLIENT, 40000] as const
  const parts = ['protocol', 'address', 'port', 'other address', 'other port']
  for (const [at, part] of parts.entries()) {
    for (const bit of at === 0 ? [1, 4, 16] : [1, 0x100, 0x8000]) {
      const [a, b, c, d, e] = inbound.map((value, index) => (index === at ? value ^ bit : value)) as [...typeof inbound]
      t.equal(table.lookupInbound(a, b, c, d, e), NONE, `inbound, ${part} with bit ${bit} turned`)
      const [f, g, h, i, j] = outbound.map((value, index) => (index === at ? value ^ bit : value)) as [
        ...typeof outbound,
      ]
      t.equal(table.lookupOutbound(f, g, h, i, j), NONE, `outbound, ${part} with bit ${bit} turned`)
    }
  }
  t.equal(table.lookupInbound(...inbound), conn)
  t.equal(table.lookupOutbound(...outbound), conn)
})

t.test('an address and a port exchanged are no program', async t => {
  const table = new ConnTable(8, seededRandom(1))
  table.insert(TCP, CLIENT, 40000, VIP, 80)
  // @ts-expect-error: Ipv4Addr is branded, so that the compiler refuses this.
  t.equal(table.lookupInbound(TCP, 40000, CLIENT, VIP, 80), NONE)
})

t.test('in one bucket each part of the key is compared', async t => {
  // With a seed for which every key falls into one bucket there would be no need of this; so all are of one client.
  const table = new ConnTable(64, seededRandom(3))
  const keys = ([VIP, VIP + 1, VIP ^ 0x40000000] as Ipv4Addr[]).flatMap(vaddr =>
    [80, 81, 0x8050].map(vport => [vaddr, vport] as const),
  )
  const conns = keys.map(([vaddr, vport], index) => {
    const conn = table.insert(TCP, CLIENT, 40000, vaddr, vport)
    bind(table, conn, SERVER + (index % 3), 8080 + ((index / 3) | 0), TCP)
    return conn
  })
  t.equal(chains(table).length, 1, 'one bucket')
  for (const [index, [vaddr, vport]] of keys.entries()) {
    t.equal(table.lookupInbound(TCP, CLIENT, 40000, vaddr, vport), conns[index], `inbound ${index}`)
    const daddr = (SERVER + (index % 3)) as Ipv4Addr
    const outbound = table.lookupOutbound(TCP, daddr, 8080 + ((index / 3) | 0), CLIENT, 40000)
    t.equal(outbound, conns[index], `outbound ${index}`)
  }
})

t.test('keys that share a bucket by chance are told apart', async t => {
  for (const [what, key] of [
    ['client ports', i => [TCP, CLIENT, 40000 + i]],
    ['client addresses', i => [TCP, (CLIENT + i) | 0, 40000]],
    ['protocols', i => [i, CLIENT, 40000]],
  ] as [string, (i: number) => [number, Ipv4Addr, number]][]) {
    // 4096 in 4096 buckets: two in three meet another.
    const table = new ConnTable(4096, seededRandom(1))
    const wrong: number[] = []
    const conns = Array.from({ length: what === 'protocols' ? 256 : 4096 }, (_, i) => {
      const [protocol, caddr, cport] = key(i)
      if (table.lookupInbound(protocol, caddr, cport, VIP, 80) !== NONE) wrong.push(i)
      if (table.lookupOutbound(protocol, SERVER, 8080, caddr, cport) !== NONE) wrong.push(i)
      const conn = table.insert(protocol, caddr, cport, VIP, 80)
      bind(table, conn, SERVER, 8080, protocol)
      return conn
    })
    t.strictSame(wrong, [], `${what}: none is found before it is there`)
    for (const [i, conn] of conns.entries()) {
      const [protocol, caddr, cport] = key(i)
      if (table.lookupInbound(protocol, caddr, cport, VIP, 80) !== conn) wrong.push(i)
      if (table.lookupOutbound(protocol, SERVER, 8080, caddr, cport) !== conn) wrong.push(i)
    }
    t.strictSame(wrong, [], `${what}: each is found`)
    t.ok(chains(table).length < conns.length * 0.99, `${what}: buckets are shared`)
  }
})

t.test('of two with the same key the newer is found', async t => {
  const table = new ConnTable(8, seededRandom(1))
  const old = table.insert(TCP, CLIENT, 40000, VIP, 80)
  bind(table, old, SERVER, 8080, TCP)
  const young = table.insert(TCP, CLIENT, 40000, VIP, 80)
  bind(table, young, SERVER, 8080, TCP)
  t.equal(table.lookupInbound(TCP, CLIENT, 40000, VIP, 80), young)
  t.equal(table.lookupOutbound(TCP, SERVER, 8080, CLIENT, 40000), young)
  t.strictSame(chains(table), [[young, old]])
  table.remove(young)
  t.equal(table.lookupInbound(TCP, CLIENT, 40000, VIP, 80), old, 'then the older again')
})

t.test('a new record has its key and nothing else, even where another has been', async t => {
  const table = new ConnTable(1, seededRandom(1))
  const first = table.insert(UDP, CLIENT, 1, VIP, 2)
  table.words.fill(0x5a5a5a5a, first + DPORT_PROTOCOL + 1, first + NEXT)
  table.words.fill(0x5a5a5a5a, first + NEXT + 1, first + RECORD_WORDS)
  table.words[first + DADDR] = SERVER
  table.remove(first)
  const conn = table.insert(TCP, CLIENT, 40000, VIP, 0x8050)
  t.equal(conn, first, 'the same record')
  const expected = Array.from({ length: RECORD_WORDS }, () => 0)
  expected[CADDR] = CLIENT
  expected[CPORT_VPORT] = (40000 << 16) | 0x8050
  expected[VADDR] = VIP
  expected[DPORT_PROTOCOL] = TCP
  expected[NEXT] = NONE
  expected[CONTROLLER] = NONE
  t.strictSame(table.words.slice(conn, conn + RECORD_WORDS), Int32Array.from(expected))
})

t.test('a full table takes no more, and the freed ones are used again', async t => {
  for (const capacity of [1, 2, 5, 16]) {
    const table = new ConnTable(capacity, seededRandom(1))
    const conns = Array.from({ length: capacity }, (_, i) => table.insert(TCP, CLIENT, 1 + i, VIP, 80))
    t.equal(new Set(conns).size, capacity, `${capacity}: each a record of its own`)
    t.ok(
      conns.every(conn => conn >= 0 && conn % RECORD_WORDS === 0 && conn + RECORD_WORDS <= table.words.length),
      `${capacity}: inside the table`,
    )
    t.equal(table.insert(TCP, CLIENT, 9999, VIP, 80), NONE, `${capacity}: full`)
    t.equal(table.insert(TCP, CLIENT, 9999, VIP, 80), NONE, `${capacity}: still full`)
    t.equal(table.count, capacity, `${capacity}: the refused are not counted`)
    const freed = conns.filter((_, i) => i % 2 === 0)
    for (const conn of freed) table.remove(conn)
    t.equal(table.count, capacity - freed.length, `${capacity}: after the freeing`)
    const again = freed.map((_, i) => table.insert(UDP, CLIENT, i, VIP, 80))
    t.strictSame(again.toSorted(), freed.toSorted(), `${capacity}: the freed ones, each once`)
    t.equal(table.insert(TCP, CLIENT, 9999, VIP, 80), NONE, `${capacity}: full again`)
    t.equal(chains(table).flat().length, capacity, `${capacity}: all in their buckets`)
  }
})

t.test('out of a chain of five, records go in any order and leave the others in theirs', async t => {
  for (const order of permutations([0, 1, 2, 3, 4])) {
    const table = new ConnTable(5, seededRandom(1))
    const conns = order.map((_, i) => table.insert(TCP, CLIENT, 40000, VIP, i))
    let left = conns.toReversed()
    let right = JSON.stringify(chains(table)) === JSON.stringify([left])
    for (const victim of order) {
      table.remove(conns[victim]!)
      left = left.filter(conn => conn !== conns[victim])
      right &&= JSON.stringify(chains(table)) === JSON.stringify(left.length > 0 ? [left] : [])
      right &&= table.count === left.length
      for (const [i, conn] of conns.entries()) {
        right &&= table.lookupInbound(TCP, CLIENT, 40000, VIP, i) === (left.includes(conn) ? conn : NONE)
      }
    }
    t.ok(right, `in the order ${order.join(' ')}`)
  }
})

t.test('a removed place is taken again at the front, wherever in the chain it was', async t => {
  for (const order of permutations([0, 1, 2, 3])) {
    const table = new ConnTable(4, seededRandom(1))
    let expected = [0, 1, 2, 3].map(i => table.insert(TCP, CLIENT, 40000, VIP, i)).toReversed()
    for (const vport of order) {
      const victim = table.lookupInbound(TCP, CLIENT, 40000, VIP, vport)
      table.remove(victim)
      const conn = table.insert(TCP, CLIENT, 40000, VIP, vport)
      expected = [conn, ...expected.filter(other => other !== victim)]
      t.strictSame(chains(table), [expected], `${order.join(' ')}: after ${vport}`)
    }
  }
})

t.test('over 20 000 random steps it holds what a list would', async t => {
  const random = seededRandom(11)
  const table = new ConnTable(60, seededRandom(5))
  /** Newest first. */
  let model: { conn: ConnIndex; key: [number, Ipv4Addr, number, Ipv4Addr, number] }[] = []
  const wrong: string[] = []
  for (let step = 0; step < 20_000; step++) {
    const key: (typeof model)[number]['key'] = [
      random() % 2 === 0 ? TCP : UDP,
      ((CLIENT + (random() % 3)) | 0) as Ipv4Addr,
      40000 + (random() % 5),
      VIP,
      80 + (random() % 2),
    ]
    const [protocol, caddr, cport, , vport] = key
    const match = model.find(entry => entry.key.join() === key.join())
    const found = table.lookupInbound(...key)
    if (found !== (match?.conn ?? NONE)) wrong.push(`step ${step}: lookup inbound`)
    // The server's port tells the virtual port, so that an answer finds the same connection.
    if (table.lookupOutbound(protocol, SERVER, 8000 + vport, caddr, cport) !== found)
      wrong.push(`step ${step}: outbound`)
    if (random() % 2 === 0) {
      const conn = table.insert(...key)
      if ((conn === NONE) !== (model.length === 60)) wrong.push(`step ${step}: insert`)
      if (conn === NONE) continue
      bind(table, conn, SERVER, 8000 + vport, protocol)
      model.unshift({ conn, key })
    } else if (model.length > 0) {
      const { conn } = model[random() % model.length]!
      table.remove(conn)
      model = model.filter(entry => entry.conn !== conn)
    }
    if (table.count !== model.length) wrong.push(`step ${step}: count`)
    if (step % 100 === 0 && chains(table).flat().length !== model.length) wrong.push(`step ${step}: chains`)
  }
  t.strictSame(wrong, [])
})

/** Who shares a bucket with whom, and in which one. */
function order(random: () => number): string {
  const table = new ConnTable(64, random)
  for (let i = 0; i < 64; i++) table.insert(TCP, CLIENT, 1024 + i, VIP, 80)
  return JSON.stringify(chains(table))
}

t.test('the seed decides who shares a bucket, both numbers of it', async t => {
  const drawing = (...numbers: number[]) => order(() => numbers.shift() ?? 0)
  t.equal(drawing(1, 2), drawing(1, 2), 'the same seed, the same buckets')
  t.not(drawing(1, 2), drawing(1, 3), 'the second counts')
  t.not(drawing(1, 2), drawing(3, 2), 'the first counts')
  t.not(order(seededRandom(1)), order(seededRandom(2)))
})

t.test('the ports of one client, and the clients of one port, spread over the buckets', async t => {
  for (const [what, key] of [
    ['ports', (i: number) => [TCP, CLIENT, i, VIP, 80]],
    ['clients', (i: number) => [TCP, (CLIENT + i) | 0, 40000, VIP, 80]],
    ['networks', (i: number) => [UDP, (i << 16) | 1, 40000, VIP, 80]],
  ] as [string, (i: number) => [number, Ipv4Addr, number, Ipv4Addr, number]][]) {
    const table = new ConnTable(4096, seededRandom(1))
    for (let i = 0; i < 4096; i++) table.insert(...key(i))
    const lengths = chains(table).map(chain => chain.length)
    // Thrown at random, 4096 into 4096 leave 63 % of the buckets used, and the fullest has 6 or 7.
    t.ok(lengths.length > 0.58 * 4096, `${what}: ${lengths.length} buckets used`)
    t.ok(Math.max(...lengths) <= 10, `${what}: at most ${Math.max(...lengths)} in one`)
  }
})

t.test('there are 4096 buckets at least, as in the kernel, and twice as many as connections', async t => {
  for (const [capacity, buckets] of [
    [1, 4096],
    [2048, 4096],
    [2049, 8192],
    [4096, 8192],
    [5000, 16_384],
  ] as const) {
    const table = new ConnTable(capacity, seededRandom(1))
    t.equal(table.buckets, buckets, `${capacity}`)
    t.equal(table.capacity, capacity)
    t.equal(table.words.length, capacity * RECORD_WORDS, `${capacity}: words`)
  }
})

t.test('a capacity that is no whole number of 1 to 2^24 is refused', async t => {
  for (const capacity of [0, -1, 1.5, NaN, Infinity, MAX_CONNECTIONS + 1]) {
    t.throws(
      () => new ConnTable(capacity, seededRandom(1)),
      new RangeError(`a connection table holds 1 to 16777216 connections, not ${capacity}`),
    )
  }
})

t.test('cleared, it is empty and takes as many as at first', async t => {
  const table = new ConnTable(3, seededRandom(1))
  for (let round = 0; round < 3; round++) {
    const conns = Array.from({ length: 3 }, (_, i) => table.insert(TCP, CLIENT, 1 + i, VIP, 80))
    t.notOk(conns.includes(NONE), `round ${round}: three of them`)
    t.equal(table.insert(TCP, CLIENT, 3, VIP, 80), NONE, `round ${round}: full`)
    if (round === 1) table.remove(conns[1]!)
    table.clear()
    t.equal(table.count, 0, `round ${round}: none left`)
    t.strictSame(chains(table), [], `round ${round}: no bucket has any`)
    t.equal(table.lookupInbound(TCP, CLIENT, 1, VIP, 80), NONE, `round ${round}: none found`)
  }
})

t.test('who comes from port 0 is never known, though answers to it are', async t => {
  const table = new ConnTable(4, seededRandom(1))
  const conn = table.insert(TCP, CLIENT, 0, VIP, 80)
  bind(table, conn, SERVER, 8080, TCP)
  t.equal(table.lookupInbound(TCP, CLIENT, 0, VIP, 80), NONE)
  t.equal(table.lookupOutbound(TCP, SERVER, 8080, CLIENT, 0), conn)
})

t.test('a template is found by every part of its key, and by nothing that is no template', async t => {
  const table = new ConnTable(8, seededRandom(1))
  const plain = table.insert(TCP, CLIENT, 0, VIP, 80)
  t.equal(table.lookupTemplate(TCP, CLIENT, VIP, 80), NONE, 'a connection from port 0 is none')
  const template = table.insert(TCP, CLIENT, 0, VIP, 80)
  table.words[template + FLAGS] = ConnFlag.TEMPLATE | ConnFlag.INACTIVE
  t.equal(table.lookupTemplate(TCP, CLIENT, VIP, 80), template)
  const key = [TCP, CLIENT, VIP, 80] as const
  for (let at = 0; at < key.length; at++) {
    const [a, b, c, d] = key.map((value, index) => (index === at ? value ^ 1 : value)) as [...typeof key]
    t.equal(table.lookupTemplate(a, b, c, d), NONE, `part ${at} of the key`)
  }
  t.equal(table.lookupInbound(TCP, CLIENT, 0, VIP, 80), NONE, 'no packet finds it')
  bind(table, template, SERVER, 8080, TCP)
  t.equal(table.lookupOutbound(TCP, SERVER, 8080, CLIENT, 0), NONE, 'nor any answer')
  const port0 = table.insert(TCP, CLIENT, 0, VIP, 0)
  table.words[port0 + FLAGS] = ConnFlag.TEMPLATE
  t.equal(table.lookupTemplate(TCP, CLIENT, VIP, 0), port0)
  t.equal(table.lookupTemplate(TCP, CLIENT, VIP, 80), template)
  const mark = (0xffffffff | 0) as Ipv4Addr
  const marked = table.insert(0, CLIENT, 0, mark, 0)
  table.words[marked + FLAGS] = ConnFlag.TEMPLATE
  t.equal(table.lookupTemplate(0, CLIENT, mark, 0), marked, 'by a mark')
  t.strictSame(chains(table).flat().toSorted(), [plain, template, port0, marked].toSorted())
})

t.test('a hidden record is counted, found by nobody, and freed', async t => {
  const table = new ConnTable(2, seededRandom(1))
  const hidden = table.insertHidden(UDP, CLIENT, 40000, VIP, 53)
  bind(table, hidden, SERVER, 53, UDP)
  t.equal(table.count, 1)
  t.strictSame(chains(table), [])
  t.equal(table.lookupInbound(UDP, CLIENT, 40000, VIP, 53), NONE)
  t.equal(table.lookupOutbound(UDP, SERVER, 53, CLIENT, 40000), NONE)
  t.equal(table.words[hidden + CONTROLLER], NONE)
  const shown = table.insert(UDP, CLIENT, 40000, VIP, 53)
  t.equal(table.insertHidden(UDP, CLIENT, 1, VIP, 53), NONE, 'full')
  table.free(hidden)
  t.equal(table.count, 1)
  t.equal(table.insertHidden(UDP, CLIENT, 1, VIP, 53), hidden)
  t.strictSame(chains(table), [[shown]])
})

t.test('an answer of NAT is from the real server, of any other method from the virtual service', async t => {
  for (const method of [Method.MASQ, Method.TUNNEL, Method.DIRECT]) {
    const table = new ConnTable(4, seededRandom(1))
    const conn = table.insert(TCP, CLIENT, 40000, VIP, 80)
    bind(table, conn, SERVER, 8080, TCP)
    table.words[conn + FLAGS] = method | ConnFlag.INACTIVE | ConnFlag.NO_OUTPUT
    const isNat = method === Method.MASQ
    t.equal(table.lookupOutbound(TCP, SERVER, 8080, CLIENT, 40000), isNat ? conn : NONE, `${method}: the real server's`)
    t.equal(table.lookupOutbound(TCP, VIP, 80, CLIENT, 40000), isNat ? NONE : conn, `${method}: the virtual service's`)
    for (const [protocol, addr, port, caddr, cport] of [
      [UDP, VIP, 80, CLIENT, 40000],
      [TCP, (VIP + 1) as Ipv4Addr, 80, CLIENT, 40000],
      [TCP, VIP, 81, CLIENT, 40000],
      [TCP, VIP, 80, (CLIENT + 1) as Ipv4Addr, 40000],
      [TCP, VIP, 80, CLIENT, 40001],
      [TCP, VIP, 8080, CLIENT, 40000],
    ] as const)
      t.equal(table.lookupOutbound(protocol, addr, port, caddr, cport), NONE, `${method}: ${protocol} ${port} ${cport}`)
  }
})

t.test('one client’s connections of both kinds are told apart, in either order', async t => {
  for (const order of [
    [Method.MASQ, Method.DIRECT],
    [Method.DIRECT, Method.MASQ],
  ]) {
    const table = new ConnTable(4, seededRandom(1))
    const conns = new Map(
      order.map(method => {
        const vport = method === Method.MASQ ? 80 : 81
        const conn = table.insert(TCP, CLIENT, 40000, VIP, vport)
        bind(table, conn, SERVER, vport, TCP)
        table.words[conn + FLAGS] = method
        return [method, conn] as const
      }),
    )
    t.equal(table.lookupOutbound(TCP, SERVER, 80, CLIENT, 40000), conns.get(Method.MASQ))
    t.equal(table.lookupOutbound(TCP, SERVER, 81, CLIENT, 40000), NONE)
    t.equal(table.lookupOutbound(TCP, VIP, 81, CLIENT, 40000), conns.get(Method.DIRECT))
    t.equal(table.lookupOutbound(TCP, VIP, 80, CLIENT, 40000), NONE)
  }
})

t.test('touched, a bucket’s record and local words are read, and of an empty one nothing', async t => {
  const table = new ConnTable(4, seededRandom(1))
  table.insert(TCP, CLIENT, 40001, VIP, 80)
  const conn = table.insert(TCP, CLIENT, 40000, VIP, 80)
  const bucket = table.bucketOf(TCP, CLIENT, 40000)
  const read = table.words[conn]!
  t.not(read, 0)
  t.equal(table.touch(Int32Array.of(bucket), 1, NO_WORDS), read)
  t.equal(table.touch(Int32Array.of(bucket, bucket), 1, NO_WORDS), read, 'only so many as asked')
  const local = Int32Array.from({ length: 4 * RECORD_WORDS }, (_, i) => 1000 + i)
  t.equal(table.touch(Int32Array.of(bucket), 1, local), read ^ (1000 + conn / 2), 'and of its local words')
  const empty = [0, 1, 2, 3, 4, 5, 6, 7].find(b => b < table.buckets && table.bucketHead(b) === NONE)!
  t.equal(table.touch(Int32Array.of(empty), 1, local), 0)
})

t.test('the memory is what it is given', async t => {
  const given: Int32Array[] = []
  const allocate = (count: number): Int32Array => {
    given.push(new Int32Array(count))
    return given.at(-1)!
  }
  const table = new ConnTable(5000, seededRandom(1), allocate)
  t.strictSame(
    given.map(words => words.length),
    [5000 * RECORD_WORDS, 16_384],
  )
  t.equal(table.words, given[0])
  const conn = table.insert(TCP, CLIENT, 40000, VIP, 80)
  t.ok(given[1]!.includes(conn), 'its buckets too')
})
