import type { OperationName, Reply, Request } from './operations.js'

/** Someone who answers requests: the socket client, or a director in this process. Throws only when nobody can be reached. */
export interface Control {
  call<O extends OperationName>(request: Request<O>): Promise<Reply<O>>
}
