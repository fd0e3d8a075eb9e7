import { check, close, SystemError } from '../linux/libc.js'
import { linkToInterface, TcxHook, type TcxPlace } from './bpf.js'
import { attachByClsact, type ClsactPlace } from './clsact.js'

/** How programs hang on an interface: by links of tcx (Linux 6.6), or as filters at clsact. */
export type Way = 'tcx' | 'clsact'

export interface Attachment {
  readonly way: Way
  /** The link of the first program, of tcx. */
  readonly ingressLink?: number | undefined
  readonly close: () => void
}

/** Among the programs of others. */
export interface Place {
  readonly tcx: TcxPlace
  /** The first program right behind this link of tcx, if that is still there. */
  readonly behind?: number | undefined
  readonly clsact: ClsactPlace
}

/**
 * Has programs run at an interface: the first at its ingress, a second at its egress. They end with the process. `way`: only this one;
 * by default the first that the kernel has. SystemError if that cannot be.
 */
export function attach(
  name: string,
  ifindex: number,
  programs: readonly number[],
  place: Place,
  way?: Way,
): Attachment {
  if (way !== 'clsact') {
    const links = linkAll(name, ifindex, programs, place, way === 'tcx')
    if (links) return { way: 'tcx', ingressLink: links[0], close: () => closeAll(links) }
  }
  return { way: 'clsact', close: attachByClsact(name, ifindex, programs, place.clsact) }
}

/** One program a hook. Returns undefined where the kernel has no tcx, unless it `isNeeded`. */
function linkAll(
  name: string,
  ifindex: number,
  programs: readonly number[],
  { tcx, behind }: Place,
  isNeeded: boolean,
): number[] | undefined {
  const links: number[] = []
  const hooks = [TcxHook.INGRESS, TcxHook.EGRESS]
  try {
    for (const [i, program] of programs.entries()) {
      let link = i === 0 && behind !== undefined ? linkToInterface(program, ifindex, hooks[i]!, tcx, behind) : -1
      if (link < 0) link = linkToInterface(program, ifindex, hooks[i]!, tcx)
      links.push(check(link, `a tcx link on ${name}`))
    }
    return links
  } catch (error) {
    closeAll(links)
    if (!isNeeded && error instanceof SystemError && error.code === 'EINVAL') return undefined
    throw error
  }
}
function closeAll(fds: readonly number[]): void {
  for (const fd of fds) close(fd)
}
