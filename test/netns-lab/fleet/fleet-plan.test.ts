import { readFileSync } from 'node:fs'
import t from 'tap'
import { DIRECTOR_ADDRESS, ROUTER, rules, VIPS, weightRules, withDefines } from '../../../netns-lab/fleet/fleet-plan.js'

t.test('a bird.conf with other values of what it defines', async t => {
  t.equal(withDefines('a\ndefine OWN = 1;   # mine\ndefine OWNER = 2;\n', { OWN: '3' }), 'a\ndefine OWN = 3;   # mine\ndefine OWNER = 2;\n') // prettier-ignore
  t.throws(() => withDefines('define OWN = 1;\n', { OTHER: '2' }), { message: 'bird.conf defines no OTHER' })
})

t.test('the files of the package fit the lab', async t => {
  const [director, router] = ['director', 'router'].map(name => readFileSync(`packaging/bird/${name}.conf`, 'utf8'))
  t.match(director, `define GATEWAY = ${ROUTER};`)
  t.match(director, `define OWN = ${DIRECTOR_ADDRESS.d1};`)
  t.match(router, `define OWN = ${ROUTER};`)
  for (const vip of VIPS) t.match(router, `define VIPS = [ ${vip.replace(/\d+$/, '0/24')}{32,32} ];`)
})

const text = (name: 'd1' | 'd2'): string[] => rules(name).map(words => words.join(' '))

t.test('rules: the same everywhere but for local addresses', async t => {
  const differ = text('d1').filter((line, i) => line !== text('d2')[i])
  t.strictSame(differ, ['--add-laddr -z 10.80.0.31 -t 192.0.2.2:80'])
  t.match(text('d1'), ['-A -t 192.0.2.1:80 -s mh -b mh-port'])
  t.strictSame(
    weightRules('rs3', 5).map(words => words.join(' ')),
    ['-e -t 192.0.2.1:80 -r 10.80.0.23:80 -g -w 5', '-e -t 192.0.2.3:80 -r 10.80.0.23:80 -i -w 5'],
  )
})
