/**
 * Is told of each change that may redirect packets of open connections: of addresses, routes, MTUs, real servers. Flows that a
 * program forwards are then decided anew (director/offload/).
 */
export class Changes {
  /** Is called at each change. */
  listener: (() => void) | undefined

  note(): void {
    this.listener?.()
  }
}
