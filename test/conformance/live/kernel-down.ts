/** The kernel does not do what it should. One line: its own last one, if it left one. */
export class KernelDown extends Error {
  override readonly name = 'KernelDown'
}
