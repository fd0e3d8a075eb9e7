/*
 * A process that has a front on an interface, takes all that comes to an address, and gives it back to the kernel or keeps it.
 *
 *   node hold-front.js IF ADDRESS tcx|clsact give|keep
 *
 * Says `ready`, or why not; SIGTERM ends it, and the end of its standard input at once.
 */
import type { Way } from '../../src/ebpf/attachment.js'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { FrontRefused } from '../../src/ebpf/front-refused.js'
import { RawDevice } from '../../src/io/raw-device.js'
import { Poller } from '../../src/linux/poller.js'
import { SystemError } from '../../src/linux/libc.js'
import { AddressKind } from '../../src/packet/front.js'
import { parseCidr } from '../../src/wire/addr.js'

const [name = '', cidr = '', way = '', does = ''] = process.argv.slice(2)

function openFront(): ProgramFront {
  try {
    return new ProgramFront()
  } catch (error) {
    throw error instanceof SystemError ? new FrontRefused(name, error) : error
  }
}

function open(): RawDevice | undefined {
  try {
    const front = openFront()
    front.addBlock(parseCidr(cidr)!, AddressKind.MARKED)
    return new RawDevice(name, {
      front: { mode: 'beside', programFd: front.programFd('beside'), way: way as Way },
    })
  } catch (error) {
    if (!(error instanceof SystemError)) throw error
    console.log(error.message)
    return undefined
  }
}

const device = open()
if (device) {
  const poller = new Poller(device.fds)
  let frames = 0
  const turn = (): void => {
    poller.wait(1)
    const until = performance.now() + 20
    while (performance.now() < until) {
      const got = device.receive(
        { frame: (slab, at, len) => void (does === 'give' && device.toKernel!(slab, at, len)) },
        256,
      )
      device.flush()
      device.release()
      frames += got
      if (got === 0) poller.wait(1)
    }
    timer = setTimeout(turn, 0)
  }
  let timer = setTimeout(turn, 0)
  process.on('SIGTERM', () => {
    clearTimeout(timer)
    const { dropped } = device
    device.close()
    process.stdin.destroy()
    console.log(`${frames} frames, ${dropped} dropped`)
  })
  process.stdin.on('end', () => process.exit()).resume()
  console.log('ready')
}
