import t from 'tap'
import {
  assembleFilter,
  hear,
  jumpIfEqual,
  jumpIfNotEqual,
  jumpIfSet,
  Known,
  load16BehindX,
  load32,
  loadIpv4HeaderLenToX,
} from '../../src/linux/classic-filter.js'

t.test('a label becomes a number of instructions to leave out, if it is so or an octet higher if not', async t => {
  const filter = assembleFilter([
    load32(Known.MARK),
    jumpIfEqual(7, 'all'),
    jumpIfNotEqual(8, 'nothing'),
    loadIpv4HeaderLenToX(14),
    load16BehindX(16),
    jumpIfSet(0x1fff, 'nothing'),
    'all',
    hear(0xffffffff),
    'nothing',
    hear(0),
  ])
  t.strictSame(filter, [
    [0x20, 0, 0xfffff014],
    [0x15, 4, 7],
    [0x15, 0x0400, 8],
    [0xb1, 0, 14],
    [0x48, 0, 16],
    [0x45, 1, 0x1fff],
    [0x06, 0, 0xffffffff],
    [0x06, 0, 0],
  ])
})

t.test('a jump to no label, back, or too far', async t => {
  const message = "no label 'there' within 255 instructions"
  t.throws(() => assembleFilter([jumpIfEqual(1, 'there'), hear(0)]), { name: 'RangeError', message })
  t.throws(() => assembleFilter(['there', jumpIfEqual(1, 'there'), hear(0)]), { message })
  const far = Array.from({ length: 256 }, () => hear(0))
  t.throws(() => assembleFilter([jumpIfNotEqual(1, 'there'), ...far, 'there', hear(0)]), { message })
  t.strictSame(assembleFilter([jumpIfNotEqual(1, 'there'), ...far.slice(1), 'there', hear(0)])[0], [0x15, 0xff00, 1])
})
