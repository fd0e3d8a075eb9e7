/*
 * The steps of front-program.ts against floods of SYNs: a TCP segment with SYN to a virtual service comes up only within two budgets,
 * its source's /24 network's and its service's. Time is cut into windows. A budget gives what it has a window; after a
 * window with more SYNs than that, as long as windows with more follow, it gives a thirty-second part. So who attacks leaves the director, its ring
 * and its table room for all others, and a window after the end the budget is whole again.
 *
 * 1. TCP with SYN, not a later piece, of which ports and flags are there     or goes on, as all that follow
 * 2. to a virtual service by its address and port, or its address
 * 3. the network's budget                                                    or dropped, and counted
 * 4. the service's budget, of what its networks' have let through            the same
 *
 * Several CPUs may count at once and miss some of each other's: a budget is no exact number.
 *
 * r6 the frame, r7 where to read, r8 the window, r9 the service's budget.
 */
import { ETHERNET_LEN } from '../wire/ethernet.js'
import { IpProtocol } from '../wire/ipv4.js'
import { TcpFlag } from '../wire/tcp.js'
import { DROP, DST, FRAGMENT, HEADER_LEN, lookup, OFFSET, PROTOCOL, read, skipHeader, SRC } from './frame-parts.js'
import { BEHIND, DST_PORT, findPlace, WORD_AT, type FrontMaps } from './front-parts.js'
import {
  add,
  and,
  atomicAdd64,
  call,
  exit,
  fp,
  Helper,
  jump,
  jumpIf,
  load16,
  load32,
  load8,
  mov,
  mov32,
  mul32,
  r0,
  r1,
  r2,
  r3,
  r7,
  r8,
  r9,
  shiftRight,
  shiftRight32,
  store32,
  xor32,
  type Code,
} from './instructions.js'

/** Of the map of networks, a power of two. Networks that share a place share a budget. */
export const NETWORK_PLACES = 2 ** 16
/** What the maps of services and networks have: 4 words. The first is a service's; the others are the budget's. */
export const BUDGET_LEN = 16
const [WINDOW, COUNT, LIMIT] = [4, 8, 12]

/** A window lasts 2^27 ns, 134 ms. */
const WINDOW_BITS = 27
const WINDOWS_A_SECOND = 1e9 / 2 ** WINDOW_BITS
/** What is left of a budget in a flood. */
const IN_A_FLOOD = 32
/** What one network has of a service's budget. */
const OF_A_NETWORK = 2

/** The first three octets of an address, as it is read. */
const NETWORK = 0x00ffffff
/** Octets of a TCP header up to the flags. */
const FLAGS_END = 14
const FLAGS = 13
/**
 * On the stack, below the places of flow-parts.ts: the IPv4 header, and TCP's behind it, 48 octets. What is written there after it must not
 * overlap with it: without CAP_PERFMON the kernel refuses a part of what has been stored.
 */
const SEGMENT = -320

/** `perSecond`: SYNs a second that a service has. `seed`: so that nobody can aim at a network's place. */
export interface SynBudget {
  readonly perSecond: number
  readonly seed: number
}

export function synSteps(maps: FrontMaps, { perSecond, seed }: SynBudget): Code {
  return [
    [isSyn, findPlace(maps.services, SEGMENT, DST, DST_PORT, 'syn to a service'), jump('no syn')],
    ['syn to a service', mov(r9, r0), windowNow],
    [network(maps, seed), spend('network', perSecond / OF_A_NETWORK)],
    [mov(r0, r9), spend('service', perSecond), jump('no syn')],
    [overBudget(maps), 'no syn', mov(r7, ETHERNET_LEN)],
  ]
}

/** Step 1. */
const isSyn: Code = [
  read(SEGMENT, HEADER_LEN, 'no syn'),
  load8(r1, fp, SEGMENT + PROTOCOL),
  jumpIf(r1, '!=', IpProtocol.TCP, 'no syn'),
  load16(r1, fp, SEGMENT + FRAGMENT),
  and(r1, OFFSET),
  jumpIf(r1, '!=', 0, 'no syn'),
  skipHeader(SEGMENT),
  read(SEGMENT + BEHIND, FLAGS_END, 'no syn'),
  load8(r1, fp, SEGMENT + BEHIND + FLAGS),
  and(r1, TcpFlag.SYN),
  jumpIf(r1, '==', 0, 'no syn'),
]

const windowNow: Code = [call(Helper.KTIME_GET_NS), shiftRight(r0, WINDOW_BITS), mov32(r8, r0)]

/** r0 = the budget of the source's network for this service. */
function network({ networks }: FrontMaps, seed: number): Code {
  return [
    load32(r1, fp, SEGMENT + SRC),
    and(r1, NETWORK),
    load16(r2, fp, SEGMENT + DST_PORT),
    xor32(r1, seed | 0),
    mul32(r1, 0x85ebca6b | 0),
    xor32(r1, r2),
    load32(r2, fp, SEGMENT + DST),
    xor32(r1, r2),
    mul32(r1, 0xc2b2ae35 | 0),
    shiftRight32(r1, 32 - Math.log2(NETWORK_PLACES)),
    store32(fp, WORD_AT, r1),
    lookup(networks, WORD_AT),
    jumpIf(r0, '==', 0, 'no syn'),
  ]
}

/** Steps 3 and 4. r0 = where the budget is; its LIMIT is that of its WINDOW. */
function spend(name: string, perSecond: number): Code {
  const whole = Math.max(1, Math.ceil(perSecond / WINDOWS_A_SECOND))
  return [
    load32(r1, r0, WINDOW),
    load32(r2, r0, COUNT),
    load32(r3, r0, LIMIT),
    jumpIf(r1, '==', r8, `${name}: this window`),
    mov(r3, whole),
    add(r1, 1),
    jumpIf(r1, '!=', r8, `${name}: new window`), // none came in the last one
    jumpIf(r2, '<=', whole, `${name}: new window`),
    mov(r3, Math.max(1, Math.ceil(whole / IN_A_FLOOD))),
    `${name}: new window`,
    mov(r2, 0),
    store32(r0, WINDOW, r8),
    store32(r0, LIMIT, r3),
    `${name}: this window`,
    add(r2, 1),
    store32(r0, COUNT, r2), // of those that came
    jumpIf(r2, '>', r3, 'over budget'),
  ]
}

function overBudget({ refused }: FrontMaps): Code {
  return [
    'over budget',
    store32(fp, WORD_AT, 0),
    lookup(refused, WORD_AT),
    jumpIf(r0, '==', 0, 'uncounted'),
    mov(r1, 1),
    atomicAdd64(r0, 0, r1),
    'uncounted',
    mov(r0, DROP),
    exit(),
  ]
}
