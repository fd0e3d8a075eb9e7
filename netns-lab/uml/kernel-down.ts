/** The kernel does not do what it should. One line. */
export class KernelDown extends Error {
  override readonly name = 'KernelDown'
}
