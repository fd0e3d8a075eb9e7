/*
 * The front's programs where the kernel has no tcx: as filters of cls_bpf at an interface's clsact qdisc.
 *
 * A filter outlives the process that has set it. So what hangs there is a stub, which goes on in whatever program a map has for
 * its hook. The kernel empties such a map when the last file descriptor of it is closed (bpf(2), BPF_MAP_TYPE_PROG_ARRAY): after
 * kill -9 the stub finds nothing and leaves every frame as it is. The next start takes it away.
 */
import { constants } from 'node:os'
import { check, close, SystemError } from '../linux/libc.js'
import {
  addClsact,
  addFilter,
  ClsactHook,
  deleteClsact,
  deleteFilter,
  filtersAt,
  qdiscAtIngress,
  type FilterPlace,
  type FoundFilter,
} from '../linux/rtnetlink/traffic-control.js'
import { createMap, loadProgram, MapType, ProgramType, setElement } from './bpf.js'
import { assemble, call, exit, Helper, loadMap, mov, r0, r2, r3 } from './instructions.js'
import { WORD, word } from './map-keys.js'
import { NEXT } from './front-program.js'

/** The name of our filters, and their name where we have made the qdisc too: the next start removes that as well. */
const NAME = 'uvs'
const NAME_WITH_QDISC = 'uvs, and clsact'
const HOOKS = [ClsactHook.INGRESS, ClsactHook.EGRESS]

/** Where filters stand among others. */
export interface ClsactPlace {
  /** Nobody else's filter has it, at any priority. */
  readonly handle: number
  /** The lowest is asked first. Of several filters of cls_bpf at one priority the newest is asked first. */
  readonly priority: number
}

/** Hangs a program at each of the first of `HOOKS`; `programs`: their file descriptors. Returns a function that takes them off. SystemError if that cannot be. */
export function attachByClsact(
  name: string,
  ifindex: number,
  programs: readonly number[],
  { handle, priority }: ClsactPlace,
): () => void {
  const array = createMap(MapType.PROG_ARRAY, WORD, WORD, programs.length, 0)
  const places: FilterPlace[] = []
  let isOurs = false
  const detach = (): void => {
    for (const place of places) deleteFilter(place)
    if (isOurs && HOOKS.every(hook => filtersAt(ifindex, hook).length === 0)) deleteClsact(ifindex)
    close(array)
  }
  try {
    isOurs = makeQdisc(name, ifindex)
    const old = leftovers(ifindex, handle)
    isOurs ||= old.some(({ name }) => name === NAME_WITH_QDISC)
    for (const filter of old) deleteFilter(filter)
    programs.forEach((program, i) => {
      check(setElement(array, word(i), word(program)), name)
      const place = { ifindex, hook: HOOKS[i]!, priority, handle }
      hang(name, place, stub(array, i), isOurs ? NAME_WITH_QDISC : NAME)
      places.push(place)
    })
  } catch (error) {
    detach()
    throw error
  }
  return detach
}

/** Takes away what a process has left that was killed: its filters, and the qdisc if it had made that and nobody uses it. */
export function removeLeftovers(ifindex: number, { handle }: ClsactPlace): void {
  const old = leftovers(ifindex, handle)
  for (const filter of old) deleteFilter(filter)
  const isOurs = old.some(({ name }) => name === NAME_WITH_QDISC)
  if (isOurs && HOOKS.every(hook => filtersAt(ifindex, hook).length === 0)) deleteClsact(ifindex)
}

/** Returns whether it made the qdisc; false if there was one. */
function makeQdisc(name: string, ifindex: number): boolean {
  const errno = addClsact(ifindex)
  if (errno === 0) return true
  if (errno !== constants.errno.EEXIST) throw new SystemError(`a clsact qdisc on ${name}`, errno)
  if (qdiscAtIngress(ifindex) !== 'clsact')
    throw new SystemError(`an ingress qdisc instead of clsact on ${name}`, errno)
  return false
}

/** The filters of a process that was killed. */
function leftovers(ifindex: number, handle: number): FoundFilter[] {
  return HOOKS.flatMap(hook => filtersAt(ifindex, hook)).filter(
    found => found.kind === 'bpf' && found.handle === handle,
  )
}

/** A program that calls the one in the map, and leaves the frame as it is if there is none. */
function stub(array: number, index: number): number {
  const code = [loadMap(r2, array), mov(r3, index), call(Helper.TAIL_CALL), mov(r0, NEXT), exit()]
  return check(loadProgram(ProgramType.SCHED_CLS, assemble(code)), 'an eBPF program for clsact')
}

/** Hangs a program at its place; closes its file descriptor. */
function hang(name: string, place: FilterPlace, program: number, filterName: string): void {
  const errno = addFilter(place, program, filterName)
  close(program)
  if (errno === 0) return
  const { ifindex, hook, priority } = place
  const isOfOthers = errno === constants.errno.EINVAL && filtersAt(ifindex, hook).some(at => at.priority === priority)
  if (isOfOthers)
    throw new SystemError(
      `a filter of another kind has priority ${priority} at clsact on ${name}`,
      constants.errno.EEXIST,
    )
  throw new SystemError(`a filter of cls_bpf on ${name}`, errno)
}
