/** A device cannot be had on this machine; the message is one line that says why. */
export class UnusableError extends Error {
  override readonly name = 'UnusableError'
}
