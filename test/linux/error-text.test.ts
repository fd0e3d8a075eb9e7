import { readFileSync } from 'node:fs'
import t from 'tap'
import { messageOf, reasonOf, systemReason } from '../../src/linux/error-text.js'

function thrownBy(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}

t.test('system errors are told in words', async t => {
  const absent = thrownBy(() => readFileSync('/no/such'))
  t.equal(reasonOf(absent), 'no such file or directory')
  t.equal(messageOf(absent), '/no/such: no such file or directory')
  t.equal(systemReason(-13), 'permission denied')
  for (const none of [undefined, 0, -9999]) t.equal(systemReason(none), undefined)
})

t.test('of another error the first line', async t => {
  t.equal(reasonOf(new Error('one\ntwo')), 'one')
  t.equal(messageOf(new Error('one\ntwo')), 'one')
  t.equal(messageOf(undefined), 'undefined', 'thrown was no error')
})
