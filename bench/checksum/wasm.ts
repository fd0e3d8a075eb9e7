/*
 * Two sums in WebAssembly, written as instructions, since a fresh system has no toolchain for it. Numbers of
 * instructions and sections: WebAssembly Core Specification 2.0, chapter 5.
 *
 * Both add little-endian words modulo the lane's width in one accumulator and the words' high halves in another; the sum of the
 * low halves is the first minus the second shifted up, which fits. So a word costs two additions and one shift.
 */

/** Octets of the memory: twice the largest data at any alignment. */
export const MEMORY_LEN = 4 * 65536

type WasmSum = (at: number, len: number) => number
/** The sums have their octets swapped, as words are read in the host's order. */
export interface WasmSums {
  readonly bytes: Uint8Array
  readonly simd: WasmSum
  readonly words: WasmSum
}

/** The part of WebAssembly's API that is used here; @types/node lacks it. */
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (octets: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (
    module: object,
    imports: Record<string, Record<string, object>>,
  ) => { readonly exports: object }
}

const AT = 0
const LEN = 1
const END = 2
const TOTAL = 3
/** Locals of the accumulators' type, v128 or i64. */
const WORD = 4
const ALL = [5, 6]
const HIGH = [7, 8]

const I32 = 0x7f
const I64 = 0x7e
const V128 = 0x7b

/** Unsigned LEB128. */
function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)]
}
/** Signed LEB128. */
function sleb(value: number): number[] {
  return value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...sleb(value >> 7)]
}

const get = (local: number): number[] => [0x20, local]
const set = (local: number): number[] => [0x21, local]
const tee = (local: number): number[] => [0x22, local]
const i32 = (value: number): number[] => [0x41, ...sleb(value)]
const i64 = (value: number): number[] => [0x42, ...sleb(value)]
const simd = (operation: number): number[] => [0xfd, ...leb(operation)]
/** A load from `offset` after the address on the stack, with the weakest alignment hint. */
const load = (operation: number[], offset = 0): number[] => [...operation, 0, ...leb(offset)]

const I32_ADD = [0x6a]
const I32_AND = [0x71]
const I32_GE_U = [0x4f]
const I64_ADD = [0x7c]
const I64_AND = [0x83]
const I64_SHR_U = [0x88]
const I64_EXTEND_I32_U = [0xad]
const I32_WRAP_I64 = [0xa7]

/** The differences between the two functions. */
interface Lanes {
  readonly type: number
  readonly octets: number
  readonly load: number[]
  readonly add: number[]
  readonly sub: number[]
  /** Shifts by half a lane. */
  readonly shiftDown: number[]
  readonly shiftUp: number[]
  /** Adds the local's lanes, each unsigned, to TOTAL. */
  total(local: number): number[]
}

const addToTotal = (value: number[]): number[] => [...get(TOTAL), ...value, ...I64_ADD, ...set(TOTAL)]

const VECTOR: Lanes = {
  type: V128,
  octets: 16,
  load: simd(0),
  add: simd(0xae),
  sub: simd(0xb1),
  shiftDown: [...i32(16), ...simd(0xad)],
  shiftUp: [...i32(16), ...simd(0xab)],
  total: local => [0, 1, 2, 3].flatMap(lane => addToTotal([...get(local), ...simd(0x1b), lane, ...I64_EXTEND_I32_U])),
}
const SCALAR: Lanes = {
  type: I64,
  octets: 8,
  load: [0x29],
  add: I64_ADD,
  sub: [0x7d],
  shiftDown: [...i64(32), ...I64_SHR_U],
  shiftUp: [...i64(32), 0x86],
  total: local => addToTotal(get(local)),
}

/** While AT is below `end`: `body`, then AT += `step`. */
function upTo(end: number[], step: number, body: number[]): number[] {
  const onwards = [...get(AT), ...i32(step), ...I32_ADD, ...set(AT)]
  const leave = [...get(AT), ...get(END), ...I32_GE_U, 0x0d, 1]
  return [...end, ...set(END), 0x02, 0x40, 0x03, 0x40, ...leave, ...body, ...onwards, 0x0c, 0, 0x0b, 0x0b]
}
/** AT + (LEN & mask) */
const behind = (mask: number): number[] => [...get(AT), ...get(LEN), ...i32(mask), ...I32_AND, ...I32_ADD]

/** One function's body: locals, then `(at, len) → sum`, folded. */
function body(lanes: Lanes): number[] {
  // Three runs of locals: END; TOTAL; WORD and the accumulators.
  const locals = [3, 1, I32, 1, I64, 5, lanes.type]
  const step = 4 * lanes.octets
  const add = (to: number, value: number[]): number[] => [...get(to), ...value, ...lanes.add, ...set(to)]
  const four = [0, 1, 2, 3].flatMap(k => [
    ...add(ALL[k & 1]!, [...get(AT), ...load(lanes.load, k * lanes.octets), ...tee(WORD)]),
    ...add(HIGH[k & 1]!, [...get(WORD), ...lanes.shiftDown]),
  ])
  const low = [...get(ALL[0]!), ...get(HIGH[0]!), ...lanes.shiftUp, ...lanes.sub, ...set(ALL[0]!)]
  const foldOnce = [...get(TOTAL), ...i64(0xffff), ...I64_AND, ...get(TOTAL), ...i64(16), ...I64_SHR_U, ...I64_ADD]
  return [
    ...locals,
    ...upTo(behind(-step), step, four),
    ...add(ALL[0]!, get(ALL[1]!)),
    ...add(HIGH[0]!, get(HIGH[1]!)),
    ...low,
    ...lanes.total(ALL[0]!),
    ...lanes.total(HIGH[0]!),
    ...upTo(behind((step - 1) & ~3), 4, addToTotal([...get(AT), ...load([0x35])])),
    ...upTo(behind(2), 2, addToTotal([...get(AT), ...load([0x33])])),
    ...upTo(behind(1), 1, addToTotal([...get(AT), ...load([0x31])])),
    // From below 2^50: to 34 bits, to 19, to 17, to 16.
    ...[0, 1, 2, 3].flatMap(() => [...foldOnce, ...set(TOTAL)]),
    ...get(TOTAL),
    ...I32_WRAP_I64,
    0x0b,
  ]
}

const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
const section = (id: number, content: number[]): number[] => [id, ...leb(content.length), ...content]
const name = (text: string): number[] => [text.length, ...Buffer.from(text)]

/** The module's octets: imports memory "uvs" "memory", exports "simd" and "words". */
export function moduleOctets(): Uint8Array<ArrayBuffer> {
  const bodies = [body(VECTOR), body(SCALAR)].flatMap(code => [...leb(code.length), ...code])
  return Uint8Array.from([
    ...MAGIC_AND_VERSION,
    ...section(1, [1, 0x60, 2, I32, I32, 1, I32]),
    ...section(2, [1, ...name('uvs'), ...name('memory'), 2, 0, 0]),
    ...section(3, [2, 0, 0]),
    ...section(7, [2, ...name('simd'), 0, 0, ...name('words'), 0, 1]),
    ...section(10, [2, ...bodies]),
  ])
}

/** Both sums, on a memory of their own. */
export function wasmSums(): WasmSums {
  const memory = new WebAssembly.Memory({ initial: MEMORY_LEN / 65536 })
  const instance = new WebAssembly.Instance(new WebAssembly.Module(moduleOctets()), { uvs: { memory } })
  const { simd, words } = instance.exports as unknown as { simd: WasmSum; words: WasmSum }
  return { bytes: new Uint8Array(memory.buffer), simd, words }
}
