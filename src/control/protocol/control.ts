import type { OperationName, Reply, Request } from './operations.js'

/** Answers requests: the socket's client, or a director in this process. Throws only if the director cannot be reached. */
export interface Control {
  call<O extends OperationName>(request: Request<O>): Promise<Reply<O>>
}
