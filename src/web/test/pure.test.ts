import t from 'tap'
import { csv } from '../src/pure/csv.ts'
import { bits, duration, octets, percent, perSecond, short, whole } from '../src/pure/format.ts'

t.test('figures have three digits and a unit', async t => {
  const texts = [0, 7, 999, 999.5, 1000, 1234, 45_678, 999_999, 1_234_567, 0.5, 12.34, 2e15].map(short)
  t.strictSame(texts, ['0', '7', '999', '1.00k', '1.00k', '1.23k', '45.7k', '1.00M', '1.23M', '0.50', '12.3', '2.00P'])
  t.strictSame([short(-1500), short(Number.NaN)], ['−1.50k', '–'])
  t.strictSame(
    [bits(125), bits(1), octets(2048), octets(5), perSecond(1500)],
    ['1.00 kbit/s', '8 bit/s', '2.05 kB', '5 B', '1.50k/s'],
  )
  t.strictSame([whole(1_234_567), whole(12)], ['1\u202f234\u202f567', '12'])
  t.strictSame([0, 0.004, 0.5, 1, Number.NaN].map(percent), ['0 %', '0.4 %', '50 %', '100 %', '–'])
})

t.test('durations have their two largest units', async t => {
  const texts = [0, 3.25, 59, 60, 61, 3600, 3725, 90_061, 172_800].map(duration)
  t.strictSame(texts, ['0 s', '3.3 s', '59 s', '1 min', '1 min 1 s', '1 h', '1 h 2 min', '1 d 1 h', '2 d'])
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
