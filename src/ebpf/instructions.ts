/*
 * eBPF's instructions by name, and an assembler with labels (RFC 9669). A program is a list, a step a line:
 *
 *     assemble([
 *       load32(r2, r1, Skb.PROTOCOL),   // r2 = skb->protocol
 *       jumpIf(r2, '!=', IPV4, 'next'), // not IPv4
 *       mov(r0, 1),
 *       exit(),
 *       'next',                         // a label: the place of the instruction that follows it
 *       mov(r0, 0),
 *       exit(),
 *     ])
 *
 * A list may hold lists: what several steps have in common is a function that returns its `Code`.
 *
 * Registers (RFC 9669 §2.1, and the kernel's calling convention): r0 is what a call and the program return; a program finds
 * its context in r1; a call takes r1 to r5 and leaves nothing in them; r6 to r9 survive it; fp is the end of 512 octets of stack.
 */

export interface Register {
  readonly register: number
}

/**
 *      0        8     12    16               32                              63
 *     +--------+-----+-----+----------------+--------------------------------+
 *     | opcode | dst | src |     offset     |            constant            |   RFC 9669 §3, little-endian
 *     +--------+-----+-----+----------------+--------------------------------+
 */
export interface Instruction {
  readonly opcode: number
  readonly dst: number
  readonly src: number
  /** A jump has its label's name here. */
  readonly offset: number | string
  readonly constant: number
}
/** A string is a label. */
export type Code = Instruction | string | readonly Code[]

export const [r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, fp] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(register => ({
  register,
})) as [Register, Register, Register, Register, Register, Register, Register, Register, Register, Register, Register]

/** Functions of the kernel that programs call: linux/bpf.h, enum bpf_func_id. */
export const Helper = {
  MAP_LOOKUP_ELEM: 1,
  MAP_UPDATE_ELEM: 2,
  MAP_DELETE_ELEM: 3,
  KTIME_GET_NS: 5,
  GET_SMP_PROCESSOR_ID: 8,
  SKB_STORE_BYTES: 9,
  L4_CSUM_REPLACE: 11,
  TAIL_CALL: 12,
  REDIRECT: 23,
  SKB_LOAD_BYTES: 26,
  CSUM_DIFF: 28,
  SKB_CHANGE_TYPE: 32,
  SKB_CHANGE_TAIL: 38,
  SKB_PULL_DATA: 39,
  SET_HASH_INVALID: 41,
  SKB_ADJUST_ROOM: 50,
  KTIME_GET_COARSE_NS: 160,
} as const
/** Where linux/bpf.h's struct __sk_buff has its fields. */
export const Skb = {
  LEN: 0,
  PACKET_TYPE: 4,
  MARK: 8,
  PROTOCOL: 16,
  VLAN_PRESENT: 20,
  IFINDEX: 40,
  DATA: 76,
  DATA_END: 80,
  GSO_SIZE: 176,
} as const

// RFC 9669 §3: classes; that the second operand is a register; §5.1, §5.2: widths and modes of loads and stores.
const Class = { LD: 0, LDX: 1, ST: 2, STX: 3, ALU32: 4, JMP: 5, ALU64: 7 } as const
const FROM_REGISTER = 0x08
const Width = { B32: 0x00, B16: 0x08, B8: 0x10, B64: 0x18 } as const
const Mode = { IMM: 0x00, MEM: 0x60, ATOMIC: 0xc0 } as const
// §4.1, §4.2.
const Alu = {
  ADD: 0x00,
  SUB: 0x10,
  MUL: 0x20,
  OR: 0x40,
  AND: 0x50,
  LSH: 0x60,
  RSH: 0x70,
  MOD: 0x90,
  XOR: 0xa0,
  MOV: 0xb0,
} as const
const BIG_ENDIAN = 0xd8
// §4.3; numbers are compared without a sign, and `&` asks whether they have a bit in common.
const Comparison = { '==': 0x10, '>': 0x20, '>=': 0x30, '&': 0x40, '!=': 0x50, '<': 0xa0, '<=': 0xb0 } as const
const [ALWAYS, CALL, EXIT] = [0x00, 0x80, 0x90]
// §5.4, and linux/bpf.h for the latter two together.
const PSEUDO_MAP_FD = 1
const PSEUDO_MAP_VALUE = 2
// §5.3: the operation is the constant.
const ATOMIC_ADD = 0x00
const ATOMIC_OR = 0x40
const FETCH = 0x01

type Operation = (to: Register, by: Register | number) => Instruction

/** `to` = `to` operation `by`. */
function operation(opcode: number): Operation {
  return ({ register }, by) => withOperand(opcode, register, 0, by)
}
function withOperand(opcode: number, dst: number, offset: number | string, by: Register | number): Instruction {
  if (typeof by === 'number') return { opcode, dst, src: 0, offset, constant: by }
  return { opcode: opcode | FROM_REGISTER, dst, src: by.register, offset, constant: 0 }
}

/** `to` = `by`, a constant with its sign, or all 64 bits of a register. */
export const mov = operation(Class.ALU64 | Alu.MOV)
export const add = operation(Class.ALU64 | Alu.ADD)
export const mul = operation(Class.ALU64 | Alu.MUL)
export const and = operation(Class.ALU64 | Alu.AND)
export const shiftLeft = operation(Class.ALU64 | Alu.LSH)
export const shiftRight = operation(Class.ALU64 | Alu.RSH)
// On 32 bits; the register's others are 0 afterwards.
export const mov32 = operation(Class.ALU32 | Alu.MOV)
export const sub32 = operation(Class.ALU32 | Alu.SUB)
export const and32 = operation(Class.ALU32 | Alu.AND)
export const xor32 = operation(Class.ALU32 | Alu.XOR)
export const mul32 = operation(Class.ALU32 | Alu.MUL)
export const mod32 = operation(Class.ALU32 | Alu.MOD)
export const shiftRight32 = operation(Class.ALU32 | Alu.RSH)

/** From network order: the register's lower 16 or 32 bits become a host number, its others 0. */
export function fromNetwork({ register }: Register, bits: 16 | 32): Instruction {
  return { opcode: Class.ALU32 | BIG_ENDIAN, dst: register, src: 0, offset: 0, constant: bits }
}

/** `to` = so many bits of memory, `offset` octets from where `base` points. */
function load(width: number): (to: Register, base: Register, offset: number) => Instruction {
  const opcode = Class.LDX | Mode.MEM | width
  return (to, base, offset) => ({ opcode, dst: to.register, src: base.register, offset, constant: 0 })
}
export const load8 = load(Width.B8)
export const load16 = load(Width.B16)
export const load32 = load(Width.B32)
export const load64 = load(Width.B64)

/** Memory, `offset` octets from where `base` points, = so many bits of `from`. */
function store(width: number): (base: Register, offset: number, from: Register | number) => Instruction {
  return ({ register }, offset, from) => {
    if (typeof from === 'number')
      return { opcode: Class.ST | Mode.MEM | width, dst: register, src: 0, offset, constant: from }
    return { opcode: Class.STX | Mode.MEM | width, dst: register, src: from.register, offset, constant: 0 }
  }
}
export const store32 = store(Width.B32)
export const store64 = store(Width.B64)
/** 64 bits of memory = themselves operation `from`, in one piece for all CPUs. */
function atomic64(operation: number): (base: Register, offset: number, from: Register) => Instruction {
  const opcode = Class.STX | Mode.ATOMIC | Width.B64
  return (base, offset, from) => ({ opcode, dst: base.register, src: from.register, offset, constant: operation })
}
export const atomicAdd64 = atomic64(ATOMIC_ADD)
export const atomicOr64 = atomic64(ATOMIC_OR)
/** As `atomicAdd64`; the register holds what was there. All that is read and written before it is so before what follows it. */
export const fetchAdd64 = atomic64(ATOMIC_ADD | FETCH)

/** `to` = the map with this file descriptor, for a helper. */
export function loadMap(to: Register, fd: number): Code {
  return loadWide(to, PSEUDO_MAP_FD, fd, 0)
}
/** `to` = the address of the one value of an array map, and `offset` octets further. */
export function loadMapValue(to: Register, fd: number, offset: number): Code {
  return loadWide(to, PSEUDO_MAP_VALUE, fd, offset)
}
/** The one instruction that takes the room of two: its second half has the upper 32 bits. */
function loadWide({ register }: Register, src: number, low: number, high: number): Code {
  return [
    { opcode: Class.LD | Mode.IMM | Width.B64, dst: register, src, offset: 0, constant: low },
    { opcode: 0, dst: 0, src: 0, offset: 0, constant: high },
  ]
}

/** r0 = helper(r1, r2, r3, r4, r5). */
export function call(helper: number): Instruction {
  return { opcode: Class.JMP | CALL, dst: 0, src: 0, offset: 0, constant: helper }
}
/** The program returns r0. */
export function exit(): Instruction {
  return { opcode: Class.JMP | EXIT, dst: 0, src: 0, offset: 0, constant: 0 }
}
export function jump(label: string): Instruction {
  return { opcode: Class.JMP | ALWAYS, dst: 0, src: 0, offset: label, constant: 0 }
}
/** Goes on at the label if all 64 bits of the register compare so. */
export function jumpIf(
  { register }: Register,
  comparison: keyof typeof Comparison,
  by: Register | number,
  label: string,
): Instruction {
  return withOperand(Class.JMP | Comparison[comparison], register, label, by)
}

/** An instruction's 8 octets each. RangeError for a jump to no label, a label that is there twice, an offset beyond 16 bits. */
export function assemble(code: Code): BigUint64Array {
  const places = new Map<string, number>()
  const instructions: Instruction[] = []
  for (const line of linesOf(code)) {
    if (typeof line !== 'string') instructions.push(line)
    else if (places.has(line)) throw new RangeError(`label '${line}' is there twice`)
    else places.set(line, instructions.length)
  }
  return BigUint64Array.from(instructions, (instruction, at) => encode(instruction, offsetOf(instruction, at, places)))
}

function* linesOf(code: Code): Generator<Instruction | string> {
  if (isList(code)) for (const part of code) yield* linesOf(part)
  else yield code
}
function isList(code: Code): code is readonly Code[] {
  return Array.isArray(code)
}

/** A jump's offset is counted from the instruction that follows it. */
function offsetOf({ offset }: Instruction, at: number, places: ReadonlyMap<string, number>): number {
  const place = typeof offset === 'string' ? places.get(offset) : at + 1 + offset
  if (place === undefined) throw new RangeError(`no label '${offset}'`)
  const octets = place - at - 1
  if ((octets << 16) >> 16 !== octets) throw new RangeError(`offset ${octets} is beyond 16 bits`)
  return octets
}

function encode({ opcode, dst, src, constant }: Instruction, offset: number): bigint {
  const low = ((offset & 0xffff) << 16) | (src << 12) | (dst << 8) | opcode
  return (BigInt.asUintN(32, BigInt(constant)) << 32n) | BigInt.asUintN(32, BigInt(low))
}
