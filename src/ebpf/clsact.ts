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
/** 'uvs': nobody else's filter has it, at any priority. */
const HANDLE = 0x757673
/** The priority that is asked first. Of several filters of cls_bpf at one priority the newest is asked first. */
const FIRST = 1
const HOOKS = [ClsactHook.INGRESS, ClsactHook.EGRESS]

/** Hangs a program at each of `HOOKS`; `programs`: their file descriptors. Returns a function that takes them off. SystemError if that cannot be. */
export function attachByClsact(name: string, ifindex: number, programs: readonly number[]): () => void {
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
    const old = leftovers(ifindex)
    isOurs ||= old.some(({ name }) => name === NAME_WITH_QDISC)
    for (const filter of old) deleteFilter(filter)
    programs.forEach((program, i) => {
      check(setElement(array, word(i), word(program)), name)
      places.push(hang(name, ifindex, HOOKS[i]!, stub(array, i), isOurs ? NAME_WITH_QDISC : NAME))
    })
  } catch (error) {
    detach()
    throw error
  }
  return detach
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

/** The filters of a director that was killed. */
function leftovers(ifindex: number): FoundFilter[] {
  return HOOKS.flatMap(hook => filtersAt(ifindex, hook)).filter(
    ({ kind, handle }) => kind === 'bpf' && handle === HANDLE,
  )
}

/** A program that calls the one in the map, and leaves the frame as it is if there is none. */
function stub(array: number, index: number): number {
  const code = [loadMap(r2, array), mov(r3, index), call(Helper.TAIL_CALL), mov(r0, NEXT), exit()]
  return check(loadProgram(ProgramType.SCHED_CLS, assemble(code)), 'an eBPF program for clsact')
}

/** Hangs a program before all other filters; closes its file descriptor. */
function hang(name: string, ifindex: number, hook: number, program: number, filterName: string): FilterPlace {
  const place = { ifindex, hook, priority: FIRST, handle: HANDLE }
  const errno = addFilter(place, program, filterName)
  close(program)
  if (errno === 0) return place
  const isOfOthers =
    errno === constants.errno.EINVAL && filtersAt(ifindex, hook).some(({ priority }) => priority === FIRST)
  if (isOfOthers)
    throw new SystemError(`a filter of another kind is the first at clsact on ${name}`, constants.errno.EEXIST)
  throw new SystemError(`a filter of cls_bpf on ${name}`, errno)
}
