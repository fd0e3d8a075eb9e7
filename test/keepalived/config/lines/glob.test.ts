import t from 'tap'
import { expandBraces, isMatch, matches } from '../../../../src/keepalived/config/lines/glob.js'

t.test('braces', async t => {
  t.strictSame(expandBraces('a{b,{c,d}e,}f'), ['abf', 'acef', 'adef', 'af'])
  t.strictSame(expandBraces('{a,b}{1,2}'), ['a1', 'a2', 'b1', 'b2'])
  t.strictSame(expandBraces('a{b'), ['a{b'])
  t.equal(expandBraces('{a,b}'.repeat(40)).length, 1024, 'bounded')
})

t.test('a name against a pattern', async t => {
  for (const [pattern, name] of [
    ['*', 'abc'],
    ['a*c', 'abc'],
    ['a?c', 'abc'],
    ['[a-c]', 'b'],
    ['[!a-c]', 'd'],
    ['.*', '.a'],
    ['a[]]', 'a]'],
  ])
    t.ok(isMatch(pattern!, name!), `${pattern} ${name}`)
  for (const [pattern, name] of [
    ['*', '.abc'],
    ['a*c', 'abd'],
    ['?', 'ab'],
    ['[a-c]', 'd'],
    ['[!a-c]', 'a'],
    ['a', 'A'],
  ])
    t.notOk(isMatch(pattern!, name!), `${pattern} ${name}`)
  t.notOk(isMatch('*a'.repeat(60), 'a'.repeat(200) + 'b'), 'in bounded time')
})

t.test('paths', async t => {
  const tree: Record<string, string[]> = {
    '': ['a', 'b'],
    a: ['x.conf', 'y.conf', 'z'],
    b: ['x.conf'],
    '/': ['etc'],
    '/etc': ['k'],
  }
  const list = (at: string): string[] => tree[at] ?? []
  t.strictSame(matches('*/*.conf', list), ['a/x.conf', 'a/y.conf', 'b/x.conf'])
  t.strictSame(matches('/e*/k', list), ['/etc/k'])
  t.strictSame(matches('/etc/?', list), ['/etc/k'])
  t.strictSame(matches('c/*', list), [])
})
