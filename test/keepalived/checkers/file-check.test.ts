import t from 'tap'
import { effectOf, numberOf } from '../../../src/keepalived/checkers/file-check.js'

const CHECKER = { kind: 'FILE_CHECK', trackFile: 'tf', weight: 1, isReverse: false } as const

t.test('the number in a file', async t => {
  const cases: [text: string | undefined, value: number][] = [
    ['5', 5],
    ['-3', -3],
    ['3\n', 3],
    ['x', 0],
    ['', 0],
    [undefined, 0],
    ['-2147483648', -2_147_483_648],
    ['99999999999', 2_147_483_647],
  ]
  for (const [text, value] of cases) t.equal(numberOf(text), value, JSON.stringify(text))
})

t.test('what it does to a server', async t => {
  t.strictSame(effectOf(CHECKER, 5), { isUp: true, added: 5 })
  t.strictSame(effectOf({ ...CHECKER, weight: 2 }, -3), { isUp: true, added: -6 })
  t.strictSame(effectOf({ ...CHECKER, isReverse: true }, 5), { isUp: true, added: -5 })
  t.strictSame(effectOf(CHECKER, -2_147_483_648), { isUp: false, why: 'tracked file tf is -2147483648' })
  t.strictSame(effectOf({ ...CHECKER, weight: 0 }, 0), { isUp: true, added: 0 })
  t.match(effectOf({ ...CHECKER, weight: 0 }, 1), { isUp: false })
  t.match(effectOf({ ...CHECKER, weight: 0, isReverse: true }, 0), { isUp: false })
})
