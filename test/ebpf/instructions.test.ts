import t from 'tap'
import {
  add,
  assemble,
  atomicOr64,
  call,
  exit,
  fp,
  fromNetwork,
  Helper,
  jump,
  jumpIf,
  load16,
  load32,
  load64,
  load8,
  loadMap,
  loadMapValue,
  mod32,
  mov,
  mul32,
  r0,
  r1,
  r2,
  r3,
  r9,
  shiftRight,
  store32,
  store64,
  xor32,
  type Code,
} from '../../src/ebpf/instructions.js'

/** Opcode, registers (source, then destination), offset and constant, as octets in hexadecimal. */
function octets(code: Code): string[] {
  return Array.from(assemble(code), instruction => {
    const octet = (at: number): string => ((instruction >> BigInt(at * 8)) & 0xffn).toString(16).padStart(2, '0')
    return `${octet(0)} ${octet(1)} ${octet(2)}${octet(3)} ${octet(4)}${octet(5)}${octet(6)}${octet(7)}`
  })
}

t.test('an instruction is the octets that llvm-objdump shows of it', async t => {
  const expected: [Code, string][] = [
    [mov(r1, r9), 'bf 91 0000 00000000'],
    [mov(r0, -1), 'b7 00 0000 ffffffff'],
    [add(r2, -24), '07 02 0000 e8ffffff'],
    [add(r2, r1), '0f 12 0000 00000000'],
    [shiftRight(r3, r1), '7f 13 0000 00000000'],
    [mul32(r1, 0x85ebca6b), '24 01 0000 6bcaeb85'],
    [mod32(r1, r2), '9c 21 0000 00000000'],
    [xor32(r1, r2), 'ac 21 0000 00000000'],
    [fromNetwork(r1, 16), 'dc 01 0000 10000000'],
    [load8(r1, r2, 3), '71 21 0300 00000000'],
    [load16(r1, fp, -24), '69 a1 e8ff 00000000'],
    [load32(r1, r1, 16), '61 11 1000 00000000'],
    [load64(r1, fp, -8), '79 a1 f8ff 00000000'],
    [store32(fp, -8, 7), '62 0a f8ff 07000000'],
    [store32(fp, -8, r1), '63 1a f8ff 00000000'],
    [store64(fp, -8, r1), '7b 1a f8ff 00000000'],
    [atomicOr64(r1, 64, r2), 'db 21 4000 40000000'],
    [call(Helper.MAP_LOOKUP_ELEM), '85 00 0000 01000000'],
    [exit(), '95 00 0000 00000000'],
  ]
  for (const [code, text] of expected) t.strictSame(octets(code), [text])
  t.strictSame(octets(loadMap(r1, 5)), ['18 11 0000 05000000', '00 00 0000 00000000'])
  t.strictSame(octets(loadMapValue(r3, 5, 12)), ['18 23 0000 05000000', '00 00 0000 0c000000'])
})

t.test('jumps count from the instruction that follows them, labels take no place', async t => {
  const code: Code = [
    'again',
    jumpIf(r1, '==', 5, 'end'),
    [jumpIf(r1, '!=', r2, 'end'), ['inside', jumpIf(r1, '&', 4, 'again')]],
    jumpIf(r1, '<', 9, 'inside'),
    jump('end'),
    loadMap(r1, 3),
    'end',
    exit(),
  ]
  t.strictSame(octets(code), [
    '15 01 0600 05000000',
    '5d 21 0500 00000000',
    '45 01 fdff 04000000',
    'a5 01 feff 09000000',
    '05 00 0200 00000000',
    '18 11 0000 03000000',
    '00 00 0000 00000000',
    '95 00 0000 00000000',
  ])
})

t.test('a program that cannot be assembled', async t => {
  t.throws(() => assemble([jump('away')]), { name: 'RangeError', message: "no label 'away'" })
  t.throws(() => assemble(['here', exit(), 'here', exit()]), { message: "label 'here' is there twice" })
  const far = Array.from({ length: 40_000 }, () => exit())
  t.throws(() => assemble([jump('end'), far, 'end', exit()]), { message: 'offset 40000 is beyond 16 bits' })
  t.throws(() => assemble(load8(r1, r2, -32_769)), { message: 'offset -32769 is beyond 16 bits' })
})
