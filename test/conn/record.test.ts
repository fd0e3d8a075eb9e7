import t from 'tap'
import * as record from '../../src/conn/record.js'

t.test('the fields are different words of one record, a cache line of 64 octets', async t => {
  const { CADDR, CPORT_VPORT, VADDR, DADDR, DPORT_PROTOCOL, FLAGS, STATE_CHILDREN, DEST, NEXT } = record
  const { TIMER_NEXT, TIMER_PREV, TIMER_AT, EXPIRES, TIMEOUT, IN_PKTS, CONTROLLER } = record
  const key = [CADDR, CPORT_VPORT, VADDR, DADDR, DPORT_PROTOCOL, FLAGS, STATE_CHILDREN, DEST, NEXT]
  const fields = [...key, TIMER_NEXT, TIMER_PREV, TIMER_AT, EXPIRES, TIMEOUT, IN_PKTS, CONTROLLER]
  t.equal(new Set(fields).size, fields.length)
  for (const field of fields) t.ok(field >= 0 && field < record.RECORD_WORDS, `word ${field}`)
  t.equal(record.RECORD_WORDS * 4, 64)
  t.ok(record.NONE < 0, 'no connection is no offset')
})

t.test('a second has 100 jiffies, and a jiffy begins at its millisecond', async t => {
  t.equal(record.HZ * record.JIFFY_MS, 1000)
  const cases: [number, number][] = [
    [0, 0],
    [9.999, 0],
    [10, 1],
    [1000, 100],
    [1009, 100],
    [-1, -1],
  ]
  for (const [ms, jiffies] of cases) t.equal(record.jiffiesAt(ms), jiffies, `${ms} ms`)
})

t.test('jiffies wrap in 32 bits, after 248 days and every 497', async t => {
  const turn = 2 ** 32 * 10
  t.equal(record.jiffiesAt(2 ** 31 * 10 - 1), 2 ** 31 - 1, 'the last before')
  t.equal(record.jiffiesAt(2 ** 31 * 10), -(2 ** 31), 'the first after')
  t.equal(record.jiffiesAt(turn - 10), -1)
  t.equal(record.jiffiesAt(turn), 0)
  t.equal(record.jiffiesAt(turn * 3 + 50), 5)
})

t.test('flags have the kernel’s values (ipvs-behaviour.md §4.2), and a state leaves room for children', async t => {
  t.strictSame(
    { ...record.ConnFlag },
    {
      METHOD: 0x0007,
      NO_OUTPUT: 0x0080,
      INACTIVE: 0x0100,
      TEMPLATE: 0x1000,
      ONE_PACKET: 0x2000,
    },
  )
  t.strictSame({ ...record.TemplateState }, { NONE: 0, ASSURED: 1 })
  t.equal(record.ONE_CHILD, 256)
})
