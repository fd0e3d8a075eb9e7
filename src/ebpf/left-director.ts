import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { close, mapRing, SystemError, unmapRing } from '../linux/libc.js'
import type { Slab } from '../packet/frame.js'
import type { LeftFlows } from '../packet/kept-flow.js'
import { MapType } from './bpf.js'
import { RECORD_LEN } from './flow-maps.js'
import { BUCKET_LEN, clearKey, PLACES } from './flow-places.js'
import { Globals, LAYOUT, type FlowMaps } from './flow-parts.js'
import { claimInterface } from './interface-claim.js'
import { removeRun } from './kept-folder.js'
import { WORD } from './map-keys.js'
import { mapShape, openPin, pin, type MapShape } from './pins.js'

const LINK = 'link-'
/** Of the maps that the next director needs: what they are. */
const SHAPES = {
  slots: { type: MapType.ARRAY, key: WORD, value: BUCKET_LEN },
  records: { type: MapType.ARRAY, key: WORD, value: RECORD_LEN },
  globals: { type: MapType.ARRAY, key: WORD, value: Globals.LEN },
} as const
type Name = keyof typeof SHAPES
const NAMES = Object.keys(SHAPES) as Name[]

/** Gives the maps names in a run's folder. SystemError where that may not be. */
export function pinMaps(run: string, maps: FlowMaps): void {
  for (const name of NAMES) pin(maps[name]!, join(run, name))
}
/** The name of the link of a program at an interface. */
export function linkPin(run: string, ifindex: number): string {
  return join(run, `${LINK}${ifindex}`)
}

/** What a director that is no more has left in its run's folder. */
export class LeftDirector {
  readonly run: string
  /** Links of its program, by the interface's number. */
  readonly links = new Map<number, number>()
  readonly flows: LeftFlows
  readonly #fds: number[] = []
  readonly #slabs: Slab[] = []
  readonly #globals: Int32Array

  /** Throws a line if that is of another version, or incomplete. */
  constructor(run: string) {
    this.run = run
    try {
      for (const ifindex of interfacesOf(run)) this.links.set(ifindex, this.#keep(openPin(linkPin(run, ifindex))))
      const { fds, found } = this.#open()
      const memory = (name: Exclude<Name, 'globals'>): Int32Array =>
        new Int32Array(this.#map(fds[name], found[name].entries * SHAPES[name].value).bytes.buffer)
      this.#globals = new Int32Array(this.#map(fds.globals, Globals.LEN).bytes.buffer)
      if (this.#globals[Globals.LAYOUT / WORD] !== LAYOUT) throw otherVersion()
      const slots = memory('slots')
      this.flows = {
        slots,
        records: memory('records'),
        first: PLACES,
        end: found.records.entries,
        withdraw: slot => clearKey(slots, slot),
        remove: () => this.remove(),
      }
    } catch (error) {
      this.#release()
      throw error
    }
  }

  /** Its program drops what it does not forward of its flows, and leaves all else to that which runs after it. */
  handOver(): void {
    Atomics.store(this.#globals, Globals.HANDED_OVER / WORD, 1)
  }
  /** It is as it was found. */
  letBe(): void {
    Atomics.store(this.#globals, Globals.HANDED_OVER / WORD, 0)
    this.#release()
  }
  /** Its program goes, and its flows. */
  remove(): void {
    this.#release()
    removeRun(this.run)
  }

  #open(): { fds: Record<Name, number>; found: Record<Name, MapShape> } {
    const fds = Object.fromEntries(NAMES.map(name => [name, this.#keep(openPin(join(this.run, name)))]))
    const found = Object.fromEntries(NAMES.map(name => [name, mapShape(fds[name]!)])) as Record<Name, MapShape>
    const isAsOurs = NAMES.every(name => isLike(found[name], SHAPES[name]))
    const isWhole = found.records.entries === found.slots.entries * PLACES && found.globals.entries === 1
    if (!isAsOurs || !isWhole) throw otherVersion()
    return { fds: fds as Record<Name, number>, found }
  }
  #keep(fd: number): number {
    this.#fds.push(fd)
    return fd
  }
  #map(fd: number, len: number): Slab {
    const slab = mapRing(fd, len)
    this.#slabs.push(slab)
    return slab
  }
  #release(): void {
    for (const slab of this.#slabs.splice(0)) unmapRing(slab)
    for (const fd of this.#fds.splice(0)) close(fd)
  }
}

/** Whether the director of a run's folder holds one of its interfaces: it lives. */
export function isAlive(run: string): boolean {
  return interfacesOf(run).some(ifindex => {
    try {
      const claim = claimInterface(`interface ${ifindex}`, ifindex)
      if (claim !== undefined) close(claim)
      return false
    } catch (error) {
      if (!(error instanceof SystemError)) throw error
      return error.code === 'EBUSY'
    }
  })
}

function interfacesOf(run: string): number[] {
  return readdirSync(run).flatMap(name => (/^link-\d+$/.test(name) ? [Number(name.slice(LINK.length))] : []))
}
function isLike(found: MapShape, { type, key, value }: Omit<MapShape, 'entries'>): boolean {
  return found.type === type && found.key === key && found.value === value
}
function otherVersion(): Error {
  return new Error('it is of another version of uvs')
}
