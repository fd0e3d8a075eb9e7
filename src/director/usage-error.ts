/** A wrong option. The message is one line: the option, the word, what is allowed. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
