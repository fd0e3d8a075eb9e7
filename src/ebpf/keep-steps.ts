/*
 * The front's program where flows outlive their director. While the director lives it goes on at once to the program that there would
 * be otherwise, by a map that the kernel empties when the process ends (clsact.ts does so too). When none lives:
 *
 * 1. a flow's plain packet is forwarded as ever, if within its timeout the flow had a packet, and the director lived
 * 2. another director takes the flows over: what is of a flow that still stands is dropped, all else is left to that one's program
 * 3. within the longest timeout since the director lived: what it would take is dropped, so that the kernel refuses nobody; TCP sends it again
 * 4. later: everything is left to the kernel
 *
 * r6 to r9 as in flow-program.ts and front-program.ts.
 */
import { FORM, SEEN } from '../packet/flow-slot.js'
import { KEPT_MOST_SECONDS, KEPT_SECONDS_SHIFT } from '../packet/kept-flow.js'
import { PLAIN_IPV4 } from '../wire/ipv4.js'
import { flowSteps } from './flow-program.js'
import { slotOfKey } from './flow-places.js'
import { Globals, loadSlot, SEEN_BITS, UP, type FlowMaps } from './flow-parts.js'
import { DROP, DST, FRAGMENT, HEADER_LEN, OFFSET, PROTOCOL, read, SRC } from './frame-parts.js'
import { BEHIND, BEHIND_LEN, HEADER } from './front-parts.js'
import type { FrontEnds } from './front-program.js'
import {
  add,
  and,
  call,
  exit,
  fp,
  Helper,
  jumpIf,
  load16,
  load32,
  load8,
  loadMap,
  loadMapValue,
  mov,
  mov32,
  mul32,
  r0,
  r1,
  r2,
  r3,
  r5,
  r6,
  shiftLeft,
  shiftRight,
  sub32,
  type Code,
} from './instructions.js'

/** Of SEEN's unit, rounded up. */
export const UNITS_A_SECOND = Math.ceil(1e9 / 2 ** SEEN_BITS)
/** A clock that is read from a memory of the kernel may be behind by so much: 16 ms. */
const SLACK = 16

/** `array`: a map of programs, at `index` that of a living director. */
export function keptEnds(array: number, index: number): FrontEnds {
  return {
    before: [mov(r6, r1), loadMap(r2, array), mov(r3, index), call(Helper.TAIL_CALL), mov(r1, r6)],
    taken: [mov(r0, DROP), exit()],
  }
}

/** Steps 1 to 4. `clock`: as flowSteps. */
export function keptSteps(maps: FlowMaps, clock: number): Code {
  return [flowSteps(maps, clock, isStill(maps, clock)), handedOver(maps), isOver(maps, clock)]
}

/** Of step 1. */
function isStill({ globals }: FlowMaps, clock: number): Code {
  return [
    now(clock),
    loadSlot(r1, FORM),
    shiftRight(r1, KEPT_SECONDS_SHIFT),
    and(r1, KEPT_MOST_SECONDS),
    mul32(r1, UNITS_A_SECOND),
    add(r1, SLACK),
    loadSlot(r2, SEEN),
    since(r3, UP),
    loadMapValue(r2, globals, Globals.BEAT),
    load32(r2, r2, 0),
    since(r3, UP),
  ]
}
/** r0 = now, in SEEN's unit, and the slack. */
function now(clock: number): Code {
  return [call(clock), shiftRight(r0, SEEN_BITS), add(r0, SLACK)]
}
/** On at `label` if it is longer than r1 since r2. */
function since(scratch: typeof r3, label: string): Code {
  return [mov32(scratch, r0), sub32(scratch, r2), jumpIf(scratch, '>', r1, label)]
}

/** Step 2. */
function handedOver(maps: FlowMaps): Code {
  return [
    loadMapValue(r1, maps.globals, Globals.HANDED_OVER),
    load32(r1, r1, 0),
    jumpIf(r1, '==', 0, 'alone'),
    read(HEADER, HEADER_LEN + BEHIND_LEN, 'leave'),
    load8(r1, fp, HEADER),
    jumpIf(r1, '!=', PLAIN_IPV4, 'leave'),
    load16(r1, fp, HEADER + FRAGMENT),
    and(r1, OFFSET),
    jumpIf(r1, '!=', 0, 'leave'),
    load32(r5, fp, HEADER + SRC),
    load32(r1, fp, HEADER + DST),
    shiftLeft(r1, 32),
    add(r5, r1),
    load32(r3, fp, HEADER + BEHIND),
    load8(r2, fp, HEADER + PROTOCOL),
    slotOfKey(maps, 'handed over', 'leave'),
    mov(r0, DROP),
    exit(),
    'alone',
  ]
}
/** Step 4; on with the front's own steps for step 3. */
function isOver({ globals }: FlowMaps, clock: number): Code {
  return [
    now(clock),
    loadMapValue(r3, globals, Globals.BEAT),
    load32(r2, r3, 0),
    load32(r1, r3, Globals.LONGEST - Globals.BEAT),
    jumpIf(r1, '==', 0, 'leave'),
    add(r1, SLACK),
    since(r3, 'leave'),
  ]
}
