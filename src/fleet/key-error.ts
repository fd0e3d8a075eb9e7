/** What a key of the prefix holds cannot be used. The message is one line that begins with the key. */
export class KeyError extends Error {
  constructor(
    readonly key: string,
    what: string,
  ) {
    super(`${key}: ${what}`)
  }
}
