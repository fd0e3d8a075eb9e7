import { rmSync } from 'node:fs'
import { check, close, SystemError } from '../linux/libc.js'
import type { FrontMode } from '../packet/front.js'
import { attach, type Attachment, type Way } from './attachment.js'
import { loadProgram, ProgramType, TcxPlace } from './bpf.js'
import { giveBackProgram } from './front-program.js'
import { FrontRefused } from './front-refused.js'
import { claimInterface } from './interface-claim.js'
import { linkPin } from './left-director.js'
import { pin } from './pins.js'

/** Before all others; 'uvs' at clsact. */
const PLACE = { tcx: TcxPlace.FIRST, clsact: { handle: 0x757673, priority: 1 } } as const

/** Where a front's program is to outlive the process. */
export interface KeptFront {
  /** The folder of this run (kept-folder.ts). */
  readonly run: string
  /** By an interface's number, the link of an earlier director's program: ours runs after it. */
  readonly after: Readonly<Record<number, number>>
}

/** The front of an interface, as a device is told of it. Plain data: it can be posted to threads. */
export interface FrontOptions {
  readonly mode: FrontMode
  /** `ProgramFront.programFd`; undefined where the kernel takes no programs. */
  readonly programFd: number | undefined
  /** Only this one. By default the first that the kernel has. */
  readonly way?: Way
  readonly kept?: KeptFront | undefined
}

/** A director's hold on an interface. It ends with the process, however that ends. */
export interface Hold {
  /** Undefined where no program hangs there: then the kernel's stack sees all that uvs sees. */
  readonly way: Way | undefined
  /** Whether its program stays if the process is killed. */
  readonly isKept: boolean
  close(): void
}

/**
 * Claims an interface, and hangs the front's program before its stack, and at its egress the one that gives frames back.
 * SystemError if another director has the interface. If no program may hang there: FrontRefused beside the kernel; as the only host
 * uvs works without one, a tenth slower.
 */
export function holdInterface(name: string, ifindex: number, { mode, programFd, way, kept }: FrontOptions): Hold {
  const claim = claimInterface(name, ifindex)
  const release = (): void => void (claim !== undefined && close(claim))
  try {
    const attachment = programFd === undefined ? undefined : hang(name, ifindex, programFd, way, kept)
    return {
      way: attachment?.way,
      isKept: attachment?.isKept ?? false,
      close: () => {
        attachment?.close()
        release()
      },
    }
  } catch (error) {
    if (error instanceof SystemError && mode === 'exclusive') return { way: undefined, isKept: false, close: release }
    release()
    throw error instanceof SystemError ? new FrontRefused(name, error) : error
  }
}

/** Claims the loopback interface, and hangs the program before its stack that takes what is to virtual services. SystemError. */
export function holdLoopback(name: string, ifindex: number, programFd: number): Pick<Hold, 'close'> {
  const claim = claimInterface(name, ifindex)
  const release = (): void => void (claim !== undefined && close(claim))
  try {
    const attachment = attach(name, ifindex, [programFd], PLACE)
    return {
      close() {
        attachment.close()
        release()
      },
    }
  } catch (error) {
    release()
    throw error
  }
}

interface Hung extends Attachment {
  readonly isKept: boolean
}
function hang(
  name: string,
  ifindex: number,
  programFd: number,
  way: Way | undefined,
  kept: KeptFront | undefined,
): Hung {
  const giveBack = check(
    loadProgram(ProgramType.SCHED_CLS, giveBackProgram()),
    'an eBPF program that gives frames back',
  )
  try {
    const attachment = attach(name, ifindex, [programFd, giveBack], { ...PLACE, behind: kept?.after[ifindex] }, way)
    return pinned(attachment, kept && linkPin(kept.run, ifindex))
  } finally {
    close(giveBack)
  }
}

/** The link of the program that takes frames gets this name, if that may be. */
function pinned({ way, ingressLink, close }: Attachment, path: string | undefined): Hung {
  if (path === undefined || ingressLink === undefined || !isPinned(ingressLink, path))
    return { way, isKept: false, close }
  return {
    way,
    isKept: true,
    close() {
      rmSync(path, { force: true })
      close()
    },
  }
}
function isPinned(link: number, path: string): boolean {
  try {
    pin(link, path)
    return true
  } catch (error) {
    if (error instanceof SystemError) return false
    throw error
  }
}
