/**
 * Is told of each change of what decides where packets of open connections go: addresses, routes, MTUs, real servers. Flows that a
 * program forwards are then decided anew (director/offload/).
 */
export class Changes {
  /** Is called at each change. */
  listener: (() => void) | undefined

  note(): void {
    this.listener?.()
  }
}
