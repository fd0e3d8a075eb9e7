import { open, SystemError } from './libc.js'

// linux/if_tun.h
export const TUNSETIFF = 0x400454ca
export const TUNSETVNETHDRSZ = 0x400454d8
export const IFF_NO_PI = 0x1000
export const IFF_VNET_HDR = 0x4000
const O_RDWR_NONBLOCK_CLOEXEC = 2 | 0o4000 | 0o2000000

/** Capabilities do not open it: it is a file. */
const REASONS = {
  EACCES: 'its file mode keeps this user out',
  EPERM: 'this container may not use the device',
  ENODEV: 'the kernel has no TUN and TAP devices',
  ENXIO: 'the kernel has no TUN and TAP devices',
}

/** Opens /dev/net/tun, for a TUN or TAP device (linux/if_tun.h). SystemError if that cannot be. `path`: of another file, for tests. */
export function openTun(path = '/dev/net/tun'): number {
  const fd: number = open(path, O_RDWR_NONBLOCK_CLOEXEC)
  if (fd < 0) throw new SystemError(`opening ${path}`, undefined, REASONS)
  return fd
}
