import type { Cidr, Ipv4Addr } from '../wire/addr.js'
import { ETHERNET_LEN } from '../wire/ethernet.js'
import { createMap, deleteElement, loadProgram, MapFlag, MapType, ProgramType, setElement } from './bpf.js'
import { check, close } from '../linux/libc.js'
import { PIECE_KEY_LEN } from './frame-parts.js'
import { ADDRESS_LEN, BLOCK_KEY_LEN, blockKey, onTheWire, WORD, word } from './map-keys.js'
import { Rule, RULES_LEN } from './steering-parts.js'
import { steeringProgram } from './steering-program.js'
import { Kind, MOST_PIECES, type LocalKinds, type WorkerRules } from './worker-choice.js'

/** Addresses that can be ours: virtual ones, and those of FULLNAT. */
const MOST_ADDRESSES = 65_536
const MOST_BLOCKS = 4096

/**
 * Steers frames to workers in the kernel: programs for the fanout groups of packet sockets and for TAP devices' queues, and
 * the maps that tell them which addresses are ours. File descriptors are the process's: made in one thread, used in all.
 */
export class Steering implements LocalKinds {
  /** The program of a packet socket's fanout group. */
  readonly fanoutFd: number
  /** The program of a TAP device. */
  readonly tapFd: number
  readonly #fds: number[] = []
  readonly #rulesFd: number
  readonly #addressesFd: number
  readonly #blocksFd: number
  readonly #addresses = new Set<Ipv4Addr>()
  /** Blocks by name, and how often each was added. */
  readonly #blocks = new Map<string, number>()
  readonly #rules: WorkerRules

  /** SystemError where the kernel may not be given programs. */
  constructor(rules: WorkerRules) {
    this.#rules = rules
    try {
      this.#rulesFd = this.#keep(createMap(MapType.ARRAY, WORD, RULES_LEN, 1, 0))
      this.#addressesFd = this.#keep(createMap(MapType.HASH, ADDRESS_LEN, WORD, MOST_ADDRESSES, MapFlag.NO_PREALLOC))
      this.#blocksFd = this.#keep(createMap(MapType.LPM_TRIE, BLOCK_KEY_LEN, WORD, MOST_BLOCKS, MapFlag.NO_PREALLOC))
      const pieces = this.#keep(createMap(MapType.LRU_HASH, PIECE_KEY_LEN, WORD, MOST_PIECES, 0))
      const maps = { rules: this.#rulesFd, addresses: this.#addressesFd, blocks: this.#blocksFd, pieces }
      this.#writeRules()
      const load = (ipAt: number): number => {
        const fd = loadProgram(ProgramType.SOCKET_FILTER, steeringProgram(maps, ipAt))
        return this.#keep(check(fd, 'the eBPF program that steers frames to workers'))
      }
      this.fanoutFd = load(0)
      this.tapFd = load(ETHERNET_LEN)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** SystemError when there are too many. */
  setLocal(addr: Ipv4Addr, kinds: number): void {
    check(setElement(this.#addressesFd, onTheWire(addr), word(kinds)), 'telling the kernel an address')
    this.#addresses.add(addr)
  }
  remove(addr: Ipv4Addr): void {
    if (this.#addresses.delete(addr)) deleteElement(this.#addressesFd, onTheWire(addr))
  }
  /** SystemError when there are too many. */
  addBlock(cidr: Cidr): void {
    const key = blockKey(cidr)
    check(setElement(this.#blocksFd, key, word(Kind.OWN)), 'telling the kernel a block of addresses')
    this.#blocks.set(key.join(), (this.#blocks.get(key.join()) ?? 0) + 1)
    this.#writeRules()
  }
  removeBlock(cidr: Cidr): void {
    const key = blockKey(cidr)
    const holds = (this.#blocks.get(key.join()) ?? 0) - 1
    if (holds > 0) this.#blocks.set(key.join(), holds)
    else if (this.#blocks.delete(key.join())) deleteElement(this.#blocksFd, key)
    this.#writeRules()
  }

  close(): void {
    for (const fd of this.#fds.splice(0)) close(fd)
  }

  #keep(fd: number): number {
    this.#fds.push(fd)
    return fd
  }
  #writeRules(): void {
    const value = new DataView(new ArrayBuffer(RULES_LEN))
    const { workers, mask, seed } = this.#rules
    value.setUint32(Rule.WORKERS, workers, true)
    value.setUint32(Rule.MASK, mask, true)
    value.setUint32(Rule.SEED, seed, true)
    value.setUint32(Rule.BLOCKS, this.#blocks.size, true)
    check(setElement(this.#rulesFd, word(0), new Uint8Array(value.buffer)), 'telling the kernel the number of workers')
  }
}
