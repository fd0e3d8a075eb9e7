import type { Device } from '../../src/packet/device.js'
import { mapMemory } from '../../src/linux/libc.js'
import { Poller } from '../../src/linux/poller.js'
import { concat, hex, virtioHeader } from '../support/frames.js'

/** Softirqs are done by a thread of the kernel where there is much to do. */
const QUIET_MS = 250
const memory = mapMemory(2 ** 20)

let place = 0
/** Queues a frame, from memory that the kernel can read. */
export function send(device: Device, frame: Uint8Array, header = virtioHeader()): void {
  if (place + header.length + frame.length > memory.bytes.length) {
    device.flush()
    place = 0
  }
  memory.bytes.set(concat(header, frame), place)
  place += header.length + frame.length
  device.transmit(memory, place - frame.length, frame.length)
}

/** What each device has heard when nothing has come for a while, in hexadecimal. */
export function heard(devices: readonly Device[]): string[][] {
  const frames: string[][] = devices.map(() => [])
  const poller = new Poller(devices.flatMap(({ fds }) => fds))
  for (let last = performance.now(); performance.now() - last < QUIET_MS;) {
    poller.wait(QUIET_MS)
    devices.forEach((device, i) => {
      const got = device.receive(
        { frame: ({ bytes }, at, len) => void frames[i]!.push(hex(bytes.slice(at, at + len))) },
        256,
      )
      device.release()
      if (got > 0) last = performance.now()
    })
  }
  return frames
}
