import { check, close, SystemError } from '../linux/libc.js'
import type { FrontMode } from '../packet/front.js'
import { linkToInterface, loadProgram, ProgramType, TcxHook } from './bpf.js'
import { attachByClsact } from './clsact.js'
import { giveBackProgram } from './front-program.js'
import { FrontRefused } from './front-refused.js'
import { claimInterface } from './interface-claim.js'

/** How programs hang on an interface: by links of tcx (Linux 6.6), or as filters at clsact. */
export type Way = 'tcx' | 'clsact'

/** The front of an interface, as a device is told of it. Plain data: it can be posted to threads. */
export interface FrontOptions {
  readonly mode: FrontMode
  /** `ProgramFront.programFd`; undefined where the kernel takes no programs. */
  readonly programFd: number | undefined
  /** Only this one. By default the first that the kernel has. */
  readonly way?: Way
}

/** A director's hold on an interface. It ends with the process, however that ends. */
export interface Hold {
  /** Undefined where no program hangs there: then the kernel's stack sees all that uvs sees. */
  readonly way: Way | undefined
  close(): void
}

/**
 * Claims an interface, and hangs the front's program before its stack, and at its egress the one that gives frames back.
 * SystemError if another director has the interface. If no program may hang there: FrontRefused beside the kernel; as the only host
 * uvs works without one, a tenth slower.
 */
export function holdInterface(name: string, ifindex: number, { mode, programFd, way }: FrontOptions): Hold {
  const claim = claimInterface(name, ifindex)
  const release = (): void => void (claim !== undefined && close(claim))
  try {
    const attachment = programFd === undefined ? undefined : attach(name, ifindex, programFd, way)
    return {
      way: attachment?.way,
      close: () => {
        attachment?.close()
        release()
      },
    }
  } catch (error) {
    if (error instanceof SystemError && mode === 'exclusive') return { way: undefined, close: release }
    release()
    throw error instanceof SystemError ? new FrontRefused(name, error) : error
  }
}

interface Attachment {
  readonly way: Way
  close(): void
}

function attach(name: string, ifindex: number, programFd: number, way: Way | undefined): Attachment {
  const giveBack = check(
    loadProgram(ProgramType.SCHED_CLS, giveBackProgram()),
    'an eBPF program that gives frames back',
  )
  const programs = [programFd, giveBack]
  try {
    if (way !== 'clsact') {
      const links = linkAll(name, ifindex, programs, way === 'tcx')
      if (links) return { way: 'tcx', close: () => closeAll(links) }
    }
    return { way: 'clsact', close: attachByClsact(name, ifindex, programs) }
  } finally {
    close(giveBack)
  }
}

/** One program a hook. Returns undefined where the kernel has no tcx, unless it `isNeeded`. */
function linkAll(name: string, ifindex: number, programs: readonly number[], isNeeded: boolean): number[] | undefined {
  const links: number[] = []
  try {
    for (const [i, hook] of [TcxHook.INGRESS, TcxHook.EGRESS].entries())
      links.push(check(linkToInterface(programs[i]!, ifindex, hook), `a tcx link on ${name}`))
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
