import { whyNotAttached } from '../ebpf/front-refused.js'
import type { ProgramFront } from '../ebpf/program-front.js'
import { LoopbackDevice } from '../io/loopback-device.js'
import { SystemError } from '../linux/libc.js'
import type { WorkerData } from './worker-messages.js'

const REFUSED = 'what programs of this host send to a virtual service is not balanced'

/**
 * The loopback interface, where one worker shares interfaces with the kernel: by it programs of this host come as clients. (Of several
 * workers, another one would get the answers.) Where it cannot be had uvs goes on without; `note` is told why, in a line.
 */
export function openLoopback(
  { devices, worker }: Pick<WorkerData, 'devices' | 'worker'>,
  front: ProgramFront | undefined,
  note: (line: string) => void,
): LoopbackDevice | undefined {
  const isBeside = devices.some(device => device.kind === 'raw' && device.isBeside)
  if (front === undefined || worker || !isBeside) return undefined
  try {
    return new LoopbackDevice(front.loopbackFd)
  } catch (error) {
    if (!(error instanceof SystemError)) throw error
    note(`${REFUSED}: ${whyNotAttached(error)}`)
    return undefined
  }
}
