import { removeLeftovers } from '../ebpf/clsact.js'
import { DECAP_PLACE } from '../ebpf/program-decap.js'
import { interfaceInfo } from '../linux/interface.js'
import { SystemError } from '../linux/libc.js'

/** Takes off interfaces what a decapsulator has left there that was killed: where the kernel has tcx, nothing. */
export function clearIngress(interfaces: readonly string[]): void {
  for (const name of interfaces) {
    try {
      removeLeftovers(interfaceInfo(name).index, DECAP_PLACE.clsact)
    } catch (error) {
      if (!(error instanceof SystemError)) throw error // the interface is gone
    }
  }
}
