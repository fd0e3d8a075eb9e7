import { check, close, SystemError } from '../linux/libc.js'
import type { FrontMode } from '../packet/front.js'
import { attach, type Attachment, type Way } from './attachment.js'
import { loadProgram, ProgramType, TcxPlace } from './bpf.js'
import { giveBackProgram } from './front-program.js'
import { FrontRefused } from './front-refused.js'
import { claimInterface } from './interface-claim.js'

/** Before all others; 'uvs' at clsact. */
const PLACE = { tcx: TcxPlace.FIRST, clsact: { handle: 0x757673, priority: 1 } } as const

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
    const attachment = programFd === undefined ? undefined : hang(name, ifindex, programFd, way)
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

function hang(name: string, ifindex: number, programFd: number, way: Way | undefined): Attachment {
  const giveBack = check(
    loadProgram(ProgramType.SCHED_CLS, giveBackProgram()),
    'an eBPF program that gives frames back',
  )
  try {
    return attach(name, ifindex, [programFd, giveBack], PLACE, way)
  } finally {
    close(giveBack)
  }
}
