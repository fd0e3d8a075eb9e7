/** The device that the kernel's ipip opens tunnels from everywhere with. */
export const KERNEL_DEVICE = 'tunl0'

/** The TUN device that the decapsulator hands inner packets in by. */
export const USERSPACE_DEVICE = 'uvs-rs'

/** What Linux takes as an interface's name: so it is no path, and no two words. */
export function isDeviceName(name: string): boolean {
  return /^[^\t-\r /:\0]{1,15}$/.test(name) && name !== '.' && name !== '..'
}
