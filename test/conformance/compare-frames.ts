import { brief, checksum, decode, hex } from '../support/frames.js'
import { readU16 } from '../support/octets.js'
import type { Side, SideFrame } from './case.js'
import { isFragment, masked, type Masked } from './mask.js'

/** What differs between the frames that came out in a step and those recorded, each side for itself and in order. No lines: the same. */
export function compareFrames(expected: SideFrame[], actual: SideFrame[], sent: Uint8Array | undefined): string[] {
  return (['c', 'r'] as const).flatMap(side => compareSide(side, onSide(expected, side), onSide(actual, side), sent))
}

function onSide(frames: SideFrame[], side: Side): SideFrame[] {
  return frames.filter(frame => frame.side === side)
}

function compareSide(side: Side, expected: SideFrame[], actual: SideFrame[], sent: Uint8Array | undefined): string[] {
  const lines: string[] = []
  if (expected.length !== actual.length) {
    lines.push(`side ${side}: expected ${list(expected)}`, `        got ${list(actual)}`)
  }
  const ids = new Map<number, number>()
  for (const [index, want] of expected.entries()) {
    const got = actual[index]
    if (!got) break
    const differences = compareFrame(want.frame, got.frame, sent, ids)
    if (got.fault) differences.push(got.fault)
    if (differences.length === 0) continue
    lines.push(`side ${side}, frame ${index + 1}: ${brief(want.frame)}`, ...differences.map(line => `    ${line}`))
  }
  return lines
}

/** `ids`: expected id → actual id of the fragments so far, where ids are masked. */
function compareFrame(
  expected: Uint8Array,
  actual: Uint8Array,
  sent: Uint8Array | undefined,
  ids: Map<number, number>,
): string[] {
  const fields = masked(expected, actual, sent)
  const lines = sameBut(expected, actual, fields) ? [] : fieldDifferences(expected, actual, fields)
  if (!fields.some(field => field.name === 'ip.id')) return lines
  if (checksum(actual.slice(14, 14 + ((actual[14] ?? 0) & 0x0f) * 4)) !== 0) lines.push('ip.checksum: wrong')
  if (isFragment(expected)) {
    const id = ids.get(readU16(expected, 18)) ?? readU16(actual, 18)
    ids.set(readU16(expected, 18), id)
    if (id !== readU16(actual, 18)) lines.push('ip.id: not the id of the datagram that it is a fragment of')
  }
  return lines
}

/** Equal to the octet, but for the fields. */
function sameBut(expected: Uint8Array, actual: Uint8Array, fields: Masked[]): boolean {
  const hidden = (at: number) => fields.some(field => at >= field.at && at < field.at + field.len)
  return expected.length === actual.length && expected.every((octet, at) => octet === actual[at] || hidden(at))
}

function fieldDifferences(expected: Uint8Array, actual: Uint8Array, fields: Masked[]): string[] {
  const [want, got] = [decode(expected), decode(actual)]
  const names = Object.keys({ ...want, ...got }).filter(name => !fields.some(field => field.name === name))
  const lines = names
    .filter(name => want[name] !== got[name])
    .map(name => `${name}: expected ${text(want[name])}, got ${text(got[name])}`)
  // Octets that no field shows, such as reserved bits: the frames as they are.
  return lines.length > 0 ? lines : [`expected ${text(hex(expected))}`, `got      ${text(hex(actual))}`]
}

function text(value: string | number | boolean | undefined): string {
  if (value === undefined) return 'nothing'
  return value === '' ? "''" : String(value)
}

function list(frames: SideFrame[]): string {
  return frames.length === 0 ? 'no frame' : frames.map(frame => brief(frame.frame)).join('; ')
}
