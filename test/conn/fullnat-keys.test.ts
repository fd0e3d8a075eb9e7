import t from 'tap'
import { HAND_OVER, LADDR, keyAt, FullnatKeys, LPORT } from '../../src/conn/fullnat-keys.js'
import { DADDR, DPORT_PROTOCOL, NONE, type ConnIndex } from '../../src/conn/record.js'
import { ConnTable } from '../../src/conn/table.js'
import { seededRandom } from '../../src/director/random.js'
import type { Jiffies } from '../../src/conn/jiffies.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

const TCP = 6
const CLIENT = (0xcb007107 | 0) as Ipv4Addr
const VIP = (0xc6336401 | 0) as Ipv4Addr
const SERVER = 0x0a010001 as Ipv4Addr
const LIP = (0xc0000201 | 0) as Ipv4Addr

function keysOver(capacity: number): {
  table: ConnTable
  keys: FullnatKeys
  open(cport: number, dport?: number): ConnIndex
} {
  const table = new ConnTable(capacity, seededRandom(1))
  const keys = new FullnatKeys(table, seededRandom(2))
  const open = (cport: number, dport = 8080): ConnIndex => {
    const conn = table.insert(TCP, CLIENT, cport, VIP, 80)
    table.words[conn + DADDR] = SERVER
    table.words[conn + DPORT_PROTOCOL] = (dport << 16) | TCP
    return conn
  }
  return { table, keys, open }
}

t.test('a connection is found by what its answer shows', async t => {
  const { keys, open } = keysOver(4)
  const [a, b] = [open(1, 40_000), open(2, 40_000)]
  const pool = keys.ports.poolOf(TCP, LIP, SERVER, 40_000)
  const port = keys.ports.take(pool)
  keys.insert(a, LIP, port, pool, 3)
  const other = keys.ports.take(pool)
  keys.insert(b, LIP, other, pool, 0)
  t.equal(keys.lookup(TCP, SERVER, 40_000, LIP, port), a)
  t.equal(keys.lookup(TCP, SERVER, 40_000, LIP, other), b)
  t.strictSame([keys.words[keyAt(a) + LADDR], keys.words[keyAt(a) + LPORT]], [LIP, port])
  t.strictSame([keys.words[keyAt(a) + HAND_OVER], keys.words[keyAt(b) + HAND_OVER]], [3, 0])
  for (const [what, key] of Object.entries({
    protocol: [17, SERVER, 40_000, LIP, port],
    daddr: [TCP, (SERVER + 1) as Ipv4Addr, 40_000, LIP, port],
    dport: [TCP, SERVER, 40_001, LIP, port],
    laddr: [TCP, SERVER, 40_000, (LIP + 1) as Ipv4Addr, port],
    lport: [TCP, SERVER, 40_000, LIP, other + 1],
  } as Record<string, [number, Ipv4Addr, number, Ipv4Addr, number]>))
    t.equal(keys.lookup(...key), NONE, `another ${what}`)
})

t.test('touched, a bucket’s record and local words are read, and of an empty one nothing', async t => {
  const { table, keys, open } = keysOver(4)
  const conn = open(1)
  const pool = keys.ports.poolOf(TCP, LIP, SERVER, 8080)
  const port = keys.ports.take(pool)
  keys.insert(conn, LIP, port, pool, 3)
  const bucket = keys.bucketOf(TCP, SERVER, 8080, LIP, port)
  const read = table.words[conn]! ^ keys.words[keyAt(conn)]!
  t.not(read, 0)
  t.equal(keys.touch(Int32Array.of(bucket), 1), read)
  t.equal(keys.touch(Int32Array.of(bucket, bucket ^ 1), 2), read, 'beside an empty one')
  t.equal(keys.touch(Int32Array.of(bucket, bucket), 1), read, 'only so many as asked')
})

t.test('without a connection nothing is made, and nothing found or drawn', async t => {
  const { table } = keysOver(4)
  const keys = new FullnatKeys(table, () => t.fail('drawn') as unknown as number)
  t.equal(keys.lookup(TCP, SERVER, 80, LIP, 6000), NONE)
  keys.remove(0 as ConnIndex, 0 as Jiffies)
  keys.clear()
  t.equal(keys.words.length, 0)
  t.equal(keys.count, 0)
})

t.test('many come and go: each that is there is found, none that has gone', async t => {
  const { table, keys, open } = keysOver(3000)
  const random = seededRandom(3)
  const here = new Map<ConnIndex, number>()
  let wrong = 0
  for (let step = 0; step < 20_000; step++) {
    if (here.size === 0 || (here.size < 3000 && random() % 5 > 1)) {
      const conn = open(1 + (step % 60_000))
      const pool = keys.ports.poolOf(TCP, LIP, SERVER, 8080)
      const port = keys.ports.take(pool)
      keys.insert(conn, LIP, port, pool, 0)
      here.set(conn, port)
    } else {
      const [conn, port] = [...here][random() % here.size]!
      keys.remove(conn, 0 as Jiffies)
      keys.remove(conn, 0 as Jiffies)
      table.remove(conn)
      here.delete(conn)
      if (keys.lookup(TCP, SERVER, 8080, LIP, port) !== NONE) wrong++
    }
    if (step % 500 === 0)
      for (const [conn, port] of here) if (keys.lookup(TCP, SERVER, 8080, LIP, port) !== conn) wrong++
  }
  t.equal(wrong, 0)
  t.equal(keys.count, here.size)
  t.equal(keys.ports.usesOf(LIP), here.size)
})

t.test('clear forgets all, and gives every port back', async t => {
  const { keys, open } = keysOver(4)
  const conn = open(1)
  const pool = keys.ports.poolOf(TCP, LIP, SERVER, 8080)
  const port = keys.ports.take(pool)
  keys.insert(conn, LIP, port, pool, 0)
  keys.clear()
  t.equal(keys.lookup(TCP, SERVER, 8080, LIP, port), NONE)
  t.equal(keys.count, 0)
  t.equal(keys.ports.usesOf(LIP), 0)
  keys.remove(conn, 0 as Jiffies)
  t.equal(keys.count, 0)
})

t.test('a connection ended before its time leaves its pair to rest for a minute', async t => {
  const { keys, open } = keysOver(4)
  const conn = open(1)
  const pool = keys.ports.poolOf(TCP, LIP, SERVER, 8080)
  const port = keys.ports.take(pool)
  keys.insert(conn, LIP, port, pool, 0)
  keys.endsEarly(conn)
  keys.remove(conn, 1000 as Jiffies)
  t.equal(keys.lookup(TCP, SERVER, 8080, LIP, port), NONE)
  t.strictSame([keys.count, keys.resting, keys.ports.usesOf(LIP)], [0, 1, 1])
  keys.advance((1000 + 5999) as Jiffies)
  t.equal(keys.resting, 1)
  keys.advance((1000 + 6000) as Jiffies)
  t.strictSame([keys.resting, keys.ports.usesOf(LIP)], [0, 0])
})

t.test('a local side is inherited: found for the heir, given back once', async t => {
  const { keys, open } = keysOver(4)
  const [old, young] = [open(1), open(1)]
  const pool = keys.ports.poolOf(TCP, LIP, SERVER, 8080)
  const port = keys.ports.take(pool)
  keys.insert(old, LIP, port, pool, 0)
  keys.endsEarly(old)
  keys.inherit(old, young, 0)
  t.equal(keys.lookup(TCP, SERVER, 8080, LIP, port), young)
  keys.remove(old, 0 as Jiffies)
  t.strictSame([keys.count, keys.resting, keys.ports.usesOf(LIP)], [1, 0, 1])
  keys.remove(young, 0 as Jiffies)
  t.strictSame([keys.count, keys.resting, keys.ports.usesOf(LIP)], [0, 0, 0], 'it was not ended early')
})
