import t from 'tap'
import { schedulers } from '../../sched/index.ts'
import { csv } from '../src/pure/csv.ts'
import { bits, duration, octets, percent, perSecond, short, whole } from '../src/pure/format.ts'
import { SCHEDULERS } from '../src/pure/schedulers.ts'

t.test('figures have three digits and a unit', async t => {
  const texts = [0, 7, 999, 999.5, 1000, 1234, 45_678, 999_999, 1_234_567, 0.5, 12.34, 2e15].map(short)
  t.strictSame(texts, ['0', '7', '999', '1.00k', '1.00k', '1.23k', '45.7k', '1.00M', '1.23M', '0.50', '12.3', '2.00P'])
  t.strictSame([short(-1500), short(Number.NaN)], ['−1.50k', '–'])
  t.strictSame(
    [bits(125), bits(1), octets(2048), octets(5), perSecond(1500)],
    ['1.00_kbit/s', '8_bit/s', '2.05_kB', '5_B', '1.50k/s'].map(noBreak),
  )
  t.strictSame([whole(1_234_567), whole(12)], ['1\u202f234\u202f567', '12'])
  t.strictSame(
    [0, 1e-6, 0.004, 0.5, 1, Number.NaN].map(percent),
    ['0_%', '<0.1_%', '0.4_%', '50_%', '100_%', '–'].map(noBreak),
  )
})

/** No line may end there. */
function noBreak(text: string): string {
  return text.replaceAll('_', '\u00a0')
}

t.test('durations have their two largest units', async t => {
  const texts = [0, 3.25, 59, 60, 61, 3600, 3725, 90_061, 172_800].map(duration)
  t.strictSame(texts, ['0_s', '3.3_s', '59_s', '1_min', '1_min 1_s', '1_h', '1_h 2_min', '1_d 1_h', '2_d'].map(noBreak))
})

t.test('CSV quotes what it must, and no cell is a formula', async t => {
  t.equal(
    csv(
      ['a', 'b'],
      [
        ['x,y', 'say "no"'],
        ['=1+1', -5],
        ['+cmd', '@x'],
      ],
    ),
    'a,b\r\n"x,y","say ""no"""\r\n\'=1+1,-5\r\n\'+cmd,\'@x\r\n',
  )
  // A rule as uvsadm writes it begins with a minus: it is text.
  t.equal(csv(['rule'], [['-A -t 10.0.0.1:80']]), "rule\r\n'-A -t 10.0.0.1:80\r\n")
})

t.test('a service is offered each scheduler that there is, but the one that refuses every client', async t => {
  t.strictSame([...SCHEDULERS, 'none'], [...schedulers.keys()])
})
