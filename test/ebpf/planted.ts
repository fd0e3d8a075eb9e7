import type { Code } from '../../src/ebpf/instructions.js'

/*
 * Programs with one instruction that is not as it was, to see whether tests notice.
 */

/** A mutant: the program, the number of the changed instruction among those of the steps, and how it was changed. */
export interface Mutant {
  readonly at: number
  readonly how: string
  readonly program: BigUint64Array
}

/** Of each instruction, the label before it and by how many it is behind: 'fits+3'; of the first ones, 'begin+3'. */
export function placesOf(code: Code): string[] {
  let [label, behind] = ['begin', 0]
  return [code].flat(Infinity as 1).flatMap((line: Code) => {
    if (typeof line !== 'string') return `${label}+${behind++}`
    ;[label, behind] = [line, 0]
    return []
  })
}

const [LDX, ST, STX, ALU32, JMP, ALU64] = [1, 2, 3, 4, 5, 7]
const LOAD_WIDE = 0x18
const [CALL, EXIT] = [0x85, 0x95]
const NOTHING = 0x05n // ja +0
/** Comparisons (RFC 9669 §4.3) and what they become. */
const OTHERS: Record<number, number> = {
  0x10: 0x50,
  0x50: 0x10,
  0x20: 0x30,
  0x30: 0x20,
  0xa0: 0xb0,
  0xb0: 0xa0,
  0x40: 0x10,
}

/** Every mutant of the instructions from `first` on, before `end`. */
export function* mutantsOf(program: BigUint64Array, first: number, end: number): Generator<Mutant> {
  for (let i = first; i < end; i++) {
    const [opcode, offset, constant] = partsOf(program[i]!)
    const isWide = opcode === LOAD_WIDE
    for (const [how, changed] of changesOf(program[i]!, opcode, offset, constant)) {
      const mutant = program.slice()
      mutant[i] = changed
      if (isWide) mutant[i + 1] = NOTHING
      yield { at: i - first, how, program: mutant }
    }
    if (isWide) i++
  }
}

function* changesOf(
  instruction: bigint,
  opcode: number,
  offset: number,
  constant: number,
): Generator<[string, bigint]> {
  const kind = opcode & 7
  if (opcode !== EXIT) yield ['left out', NOTHING]
  if (opcode === LOAD_WIDE || opcode === CALL || opcode === EXIT) return
  const isByConstant = (opcode & 8) === 0
  if (kind === LDX || kind === ST || kind === STX)
    for (const by of [1, 2, -4]) yield [`offset ${by}`, withOffset(instruction, offset + by)]
  if ((kind === ALU32 || kind === ALU64 || kind === JMP) && isByConstant && opcode !== 0x05)
    for (const by of [1, -1]) yield [`constant ${by}`, withConstant(instruction, constant + by)]
  if (kind !== JMP) return
  const other = OTHERS[opcode & 0xf0]
  if (other !== undefined) yield ['another comparison', (instruction & ~0xf0n) | BigInt(other)]
  for (const by of [1, -1]) yield [`a jump ${by}`, withOffset(instruction, offset + by)]
}

function partsOf(instruction: bigint): [opcode: number, offset: number, constant: number] {
  return [
    Number(instruction & 0xffn),
    Number(BigInt.asIntN(16, instruction >> 16n)),
    Number(BigInt.asIntN(32, instruction >> 32n)),
  ]
}
function withOffset(instruction: bigint, offset: number): bigint {
  return (instruction & ~0xffff0000n) | (BigInt.asUintN(16, BigInt(offset)) << 16n)
}
function withConstant(instruction: bigint, constant: number): bigint {
  return (instruction & 0xffffffffn) | (BigInt.asUintN(32, BigInt(constant)) << 32n)
}

/** The program with bpf_redirect(r1, r2) left out and one of its arguments, 1 or 2, put into skb->mark: test runs redirect nothing. */
export function redirectSeen(program: BigUint64Array, argument: number): BigUint64Array {
  const REDIRECT = (23n << 32n) | BigInt(CALL)
  const STORE_MARK = 0x63n | (6n << 8n) | (BigInt(argument) << 12n) | (8n << 16n)
  return program.map(instruction => (instruction === REDIRECT ? STORE_MARK : instruction))
}
