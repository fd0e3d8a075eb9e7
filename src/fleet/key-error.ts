/** What a key of the prefix holds cannot be used. The message is one line that begins with the key. */
export class KeyError extends Error {
  /** A newer uvs wrote it: it is not this one's to replace. */
  isNewer = false

  constructor(
    readonly key: string,
    what: string,
    /** Other keys that cannot be used either. */
    readonly others = 0,
  ) {
    super(`${key}: ${what}${others === 0 ? '' : ` (and ${others} more ${others === 1 ? 'key' : 'keys'})`}`)
  }
}
