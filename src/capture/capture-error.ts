/** What is wrong with a capture file, and where. The message is one line. */
export class CaptureError extends Error {
  override readonly name = 'CaptureError'

  /** `offset`: octets from the beginning of the file. */
  constructor(
    readonly offset: number,
    what: string,
  ) {
    super(`at octet ${offset}: ${what}`)
  }
}
