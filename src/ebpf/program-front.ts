import type { Front, FrontMode } from '../packet/front.js'
import type { Cidr, Ipv4Addr } from '../wire/addr.js'
import { MOST_PIECES } from '../packet/front-choice.js'
import { check, close } from '../linux/libc.js'
import { createMap, deleteElement, loadProgram, MapFlag, MapType, ProgramType, setElement } from './bpf.js'
import { PIECE_KEY_LEN } from './frame-parts.js'
import { PLACE_LEN, type FrontMaps } from './front-parts.js'
import { frontProgram } from './front-program.js'
import { ADDRESS_LEN, BLOCK_KEY_LEN, blockKey, onTheWire, WORD, word } from './map-keys.js'

const MOST_ADDRESSES = 131_072
const MOST_BLOCKS = 4096
const MOST_SERVICES = 131_072
const MOST_SERVERS = 262_144

/**
 * The front's maps, which one thread of the process writes, and its programs, for all interfaces and threads: file descriptors
 * are the process's.
 */
export class ProgramFront implements Front {
  readonly maps: FrontMaps
  readonly #fds: number[] = []
  readonly #programs = new Map<FrontMode, number>()
  /** Blocks by their keys, and how often each was added. */
  readonly #blocks = new Map<string, number>()

  /** SystemError where the kernel may not be given programs. */
  constructor() {
    try {
      this.maps = {
        addresses: this.#map(MapType.HASH, ADDRESS_LEN, MOST_ADDRESSES, MapFlag.NO_PREALLOC),
        blocks: this.#map(MapType.LPM_TRIE, BLOCK_KEY_LEN, MOST_BLOCKS, MapFlag.NO_PREALLOC),
        blockCount: this.#map(MapType.ARRAY, WORD, 1, 0),
        services: this.#map(MapType.HASH, PLACE_LEN, MOST_SERVICES, MapFlag.NO_PREALLOC),
        servers: this.#map(MapType.HASH, PLACE_LEN, MOST_SERVERS, MapFlag.NO_PREALLOC),
        pieces: this.#map(MapType.LRU_HASH, PIECE_KEY_LEN, MOST_PIECES, 0),
      }
      for (const mode of ['beside', 'exclusive'] as const) this.#programs.set(mode, this.#load(mode))
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
    else check(setElement(this.maps.addresses, onTheWire(addr), word(kinds)), 'telling the kernel an address')
  }
  addBlock(cidr: Cidr, kinds: number): void {
    const key = blockKey(cidr)
    check(setElement(this.maps.blocks, key, word(kinds)), 'telling the kernel a block of addresses')
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
    this.#setPlace(this.maps.services, placeKey(protocol, addr, port), isThere, 'telling the kernel a service')
  }
  setServer(protocol: number, addr: Ipv4Addr, port: number, isThere: boolean): void {
    this.#setPlace(this.maps.servers, placeKey(protocol, addr, port), isThere, 'telling the kernel a real server')
  }

  close(): void {
    for (const fd of this.#fds.splice(0)) close(fd)
  }

  #setPlace(map: number, key: Uint8Array, isThere: boolean, what: string): void {
    if (isThere) check(setElement(map, key, word(1)), what)
    else deleteElement(map, key)
  }
  #countBlocks(): void {
    check(setElement(this.maps.blockCount, word(0), word(this.#blocks.size)), 'telling the kernel a number of blocks')
  }
  #map(type: number, key: number, entries: number, flags: number): number {
    return this.#keep(createMap(type, key, WORD, entries, flags))
  }
  #load(mode: FrontMode): number {
    const fd = loadProgram(ProgramType.SCHED_CLS, frontProgram(this.maps, mode))
    return this.#keep(check(fd, 'the eBPF program that takes frames'))
  }
  #keep(fd: number): number {
    this.#fds.push(fd)
    return fd
  }
}

function placeKey(protocol: number, addr: Ipv4Addr, port: number): Uint8Array {
  return Uint8Array.of(...onTheWire(addr), port >>> 8, port, protocol, 0)
}
