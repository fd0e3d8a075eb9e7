/** The kernel failed or does not respond. One line. */
export class KernelDown extends Error {
  override readonly name = 'KernelDown'
}
