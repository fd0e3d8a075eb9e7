import { constants } from 'node:os'
import type { Front, FrontMode } from '../packet/front.js'
import type { Cidr, Ipv4Addr } from '../wire/addr.js'
import { MOST_PIECES } from '../packet/front-choice.js'
import { check, close, errno, SystemError } from '../linux/libc.js'
import { createMap, deleteElement, loadProgram, MapFlag, MapType, ProgramType, readElement, setElement } from './bpf.js'
import { PIECE_KEY_LEN } from './frame-parts.js'
import { PLACE_LEN, type FrontMaps } from './front-parts.js'
import { loopbackProgram } from './front-loopback.js'
import { frontProgram } from './front-program.js'
import type { FlowMaps } from './flow-parts.js'
import { flowSteps } from './flow-program.js'
import { keptEnds, keptSteps } from './keep-steps.js'
import { Helper, type Code } from './instructions.js'
import { BUDGET_LEN, NETWORK_PLACES, synSteps, type SynBudget } from './syn-budget.js'
import { ADDRESS_LEN, BLOCK_KEY_LEN, blockKey, onTheWire, WORD, word } from './map-keys.js'

const { E2BIG, EINVAL, ENOSPC } = constants.errno
const MOST_ADDRESSES = 131_072
const MOST_BLOCKS = 4096
const MOST_SERVICES = 131_072
const MOST_SERVERS = 262_144
/** Sockets of programs of this host that are remembered, the last ones: the kernel takes their memory at once, 80 octets each. */
const MOST_HOST_PLACES = 32_768
const MODES = ['beside', 'exclusive'] as const

export interface FrontSettings {
  /** With `records`: what stands of the flows outlives this process where a program's link is pinned. */
  readonly flows?: FlowMaps
  readonly synBudget?: SynBudget | undefined
}

/**
 * The front's maps, which one thread of the process writes, and its programs, for all interfaces and threads: file descriptors
 * are the process's.
 */
export class ProgramFront implements Front {
  readonly maps: FrontMaps
  /** Of flows that outlive this process: the map of programs that ends with it. */
  livingFd: number | undefined
  /** The program at the loopback interface. */
  readonly loopbackFd: number
  readonly #fds: number[] = []
  readonly #programs = new Map<FrontMode, number>()
  /** Blocks by their keys, and how often each was added. */
  readonly #blocks = new Map<string, number>()

  /**
   * SystemError where the kernel may not be given programs. `flows`: its programs forward the frames of flows; `synBudget`: they drop
   * SYNs over it.
   */
  constructor({ flows, synBudget }: FrontSettings = {}) {
    try {
      this.maps = {
        addresses: this.#map(MapType.HASH, ADDRESS_LEN, MOST_ADDRESSES, MapFlag.NO_PREALLOC),
        blocks: this.#map(MapType.LPM_TRIE, BLOCK_KEY_LEN, MOST_BLOCKS, MapFlag.NO_PREALLOC),
        blockCount: this.#map(MapType.ARRAY, WORD, 1, 0),
        services: this.#map(MapType.HASH, PLACE_LEN, MOST_SERVICES, MapFlag.NO_PREALLOC, BUDGET_LEN),
        servers: this.#map(MapType.HASH, PLACE_LEN, MOST_SERVERS, MapFlag.NO_PREALLOC),
        hostPlaces: this.#map(MapType.LRU_HASH, PLACE_LEN, MOST_HOST_PLACES, 0),
        hasHostPlaces: this.#map(MapType.ARRAY, WORD, 1, 0),
        pieces: this.#map(MapType.LRU_HASH, PIECE_KEY_LEN, MOST_PIECES, 0),
        networks: this.#map(MapType.ARRAY, WORD, synBudget ? NETWORK_PLACES : 1, 0, BUDGET_LEN),
        refused: this.#map(MapType.ARRAY, WORD, 1, 0, 2 * WORD),
      }
      for (const mode of MODES) this.#programs.set(mode, this.#load(mode, flows, synBudget))
      this.loopbackFd = this.#keep(
        check(
          loadProgram(ProgramType.SCHED_CLS, loopbackProgram(this.maps)),
          'the eBPF program at the loopback interface',
        ),
      )
      if (flows?.records !== undefined) this.#outlive(flows)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** The program of a mode. */
  programFd(mode: FrontMode): number {
    return this.#programs.get(mode)!
  }

  setKinds(addr: Ipv4Addr, kinds: number): void {
    if (kinds === 0) deleteElement(this.maps.addresses, onTheWire(addr))
    else tell(this.maps.addresses, onTheWire(addr), kinds, MOST_ADDRESSES, 'addresses')
  }
  addBlock(cidr: Cidr, kinds: number): void {
    const key = blockKey(cidr)
    tell(this.maps.blocks, key, kinds, MOST_BLOCKS, 'blocks of addresses')
    this.#blocks.set(key.join(), (this.#blocks.get(key.join()) ?? 0) + 1)
    this.#countBlocks()
  }
  removeBlock(cidr: Cidr): void {
    const key = blockKey(cidr)
    const holds = (this.#blocks.get(key.join()) ?? 0) - 1
    if (holds > 0) this.#blocks.set(key.join(), holds)
    else if (this.#blocks.delete(key.join())) deleteElement(this.maps.blocks, key)
    this.#countBlocks()
  }
  setService(protocol: number, addr: Ipv4Addr, port: number, isThere: boolean): void {
    const key = placeKey(protocol, addr, port)
    if (isThere) tell(this.maps.services, key, 1, MOST_SERVICES, 'services', BUDGET_LEN)
    else deleteElement(this.maps.services, key)
  }
  setServer(protocol: number, addr: Ipv4Addr, port: number, isThere: boolean): void {
    const key = placeKey(protocol, addr, port)
    if (isThere) tell(this.maps.servers, key, 1, MOST_SERVERS, 'real servers')
    else deleteElement(this.maps.servers, key)
  }

  get synsRefused(): number {
    const view = readElement(this.maps.refused, word(0))
    return view === undefined ? 0 : view.getUint32(0, true) + view.getUint32(WORD, true) * 2 ** 32
  }

  close(): void {
    for (const fd of this.#fds.splice(0)) close(fd)
  }

  #countBlocks(): void {
    check(setElement(this.maps.blockCount, word(0), word(this.#blocks.size)), 'telling the kernel a number of blocks')
  }
  #map(type: number, key: number, entries: number, flags: number, value = WORD): number {
    return this.#keep(createMap(type, key, value, entries, flags))
  }
  #load(mode: FrontMode, flows: FlowMaps | undefined, budget: SynBudget | undefined): number {
    const syns = budget === undefined ? [] : synSteps(this.maps, budget)
    return this.#withClock(flows && (clock => flowSteps(flows, clock)), steps =>
      frontProgram(this.maps, mode, steps, syns),
    )
  }
  /** Puts programs before those of the modes that go on when this process does not. */
  #outlive(flows: FlowMaps): void {
    const array = this.#keep(createMap(MapType.PROG_ARRAY, WORD, WORD, MODES.length, 0))
    this.livingFd = array
    const steps = (clock: number): Code => keptSteps(flows, clock)
    MODES.forEach((mode, index) => {
      check(setElement(array, word(index), word(this.programFd(mode))), 'a program that flows outlive')
      const ends = keptEnds(array, index)
      const fd = this.#withClock(steps, code => frontProgram(this.maps, mode, code, [], ends))
      this.#programs.set(mode, fd)
    })
  }
  /** Loads a program whose steps need a clock. */
  #withClock(steps: ((clock: number) => Code) | undefined, program: (steps: Code) => BigUint64Array): number {
    const load = (code: Code): number => loadProgram(ProgramType.SCHED_CLS, program(code))
    let fd = load(steps?.(Helper.KTIME_GET_COARSE_NS) ?? [])
    if (fd < 0 && steps && errno() === EINVAL) fd = load(steps(Helper.KTIME_GET_NS)) // before Linux 5.11
    return this.#keep(check(fd, 'the eBPF program that takes frames'))
  }
  #keep(fd: number): number {
    this.#fds.push(fd)
    return fd
  }
}

/** SystemError, ENOSPC if the map is full. `len`: octets of the value; behind its first word they are 0. */
function tell(map: number, key: Uint8Array, value: number, most: number, what: string, len = WORD): void {
  const octets = new Uint8Array(len)
  octets.set(word(value))
  if (setElement(map, key, octets) >= 0) return
  const why = errno()
  const isFull = why === E2BIG || why === ENOSPC
  throw new SystemError(isFull ? `the front's ${most} ${what}` : `the front's ${what}`, isFull ? ENOSPC : why)
}
function placeKey(protocol: number, addr: Ipv4Addr, port: number): Uint8Array {
  return Uint8Array.of(...onTheWire(addr), port >>> 8, port, protocol, 0)
}
