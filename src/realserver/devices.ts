/** The kernel's ipip device that accepts tunnels from any source. */
export const KERNEL_DEVICE = 'tunl0'

/** The TUN device through which the decapsulator hands inner packets to the kernel. */
export const USERSPACE_DEVICE = 'uvs-rs'

/** What Linux accepts as an interface's name; so it cannot be a path, nor two words. */
export function isDeviceName(name: string): boolean {
  return /^[^\t-\r /:\0]{1,15}$/.test(name) && name !== '.' && name !== '..'
}
