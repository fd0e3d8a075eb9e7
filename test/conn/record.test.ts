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

t.test('flags have the kernel’s values (ipvs-behaviour.md §4.2), and a state leaves room for children', async t => {
  const { SAMPLED, OF_HOST, HAD_FLOW, ...flags } = record.ConnFlag
  t.strictSame(
    [SAMPLED, OF_HOST, HAD_FLOW],
    [0x0008, 0x0010, 0x4000],
    'of uvs alone: beside the method, and others, in bits that the kernel leaves free',
  )
  t.strictSame(flags, {
    METHOD: 0x0007,
    NO_OUTPUT: 0x0080,
    INACTIVE: 0x0100,
    TEMPLATE: 0x1000,
    ONE_PACKET: 0x2000,
  })
  t.strictSame({ ...record.TemplateState }, { NONE: 0, ASSURED: 1 })
  t.equal(record.ONE_CHILD, 256)
})
