import { EtcdError } from './etcd-error.js'

/* What etcd's refusals mean for whoever asked. Codes: grpc.github.io/grpc/core/md_doc_statuscodes.html. */

const INVALID_ARGUMENT = 3
const DEADLINE_EXCEEDED = 4
const PERMISSION_DENIED = 7
const RESOURCE_EXHAUSTED = 8
const OUT_OF_RANGE = 11
const UNAVAILABLE = 14
const UNAUTHENTICATED = 16

/** An answer that is no success, as the gateway writes it. */
export interface GrpcStatus {
  readonly code: number
  readonly message: string
}

/** Reads an error from the body of an answer; undefined if it has none of the gateway's. */
export function statusOf(body: unknown): GrpcStatus | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { code, grpc_code: grpcCode, message, error } = body as Record<string, unknown>
  const number = typeof code === 'number' ? code : grpcCode
  const text = typeof message === 'string' ? message : error
  return typeof number === 'number' && typeof text === 'string' ? { code: number, message: text } : undefined
}

/** Another endpoint, or the same one later, may carry it out. */
export function isPassing({ code }: GrpcStatus): boolean {
  return code === UNAVAILABLE || code === DEADLINE_EXCEEDED
}

/** The token is not, or no longer, good: one that is asked for anew may be. */
export function isOfToken({ code, message }: GrpcStatus): boolean {
  if (code === UNAUTHENTICATED) return true
  return code === INVALID_ARGUMENT && /revision of auth store is old|user name is empty/.test(message)
}

/** What to do, where no user of ours was given and etcd has users. */
export function withHint(status: GrpcStatus): GrpcStatus {
  if (!isOfToken(status) && status.code !== PERMISSION_DENIED) return status
  return { ...status, message: `${status.message}: etcd has users, and none is given (--etcd-user)` }
}

/** The answer is larger than the gateway of an etcd before 3.4.17 takes: a smaller one may be asked for. */
export function isTooLarge({ code, message }: GrpcStatus): boolean {
  return code === RESOURCE_EXHAUSTED && message.includes('received message larger than max')
}

/** `where`: the endpoint. */
export function errorOf(status: GrpcStatus, where: string): EtcdError {
  const { code, message } = status
  const text = `${where}: ${message.replace(/^etcdserver: /, '').split('\n', 1)[0]}`
  if (code === OUT_OF_RANGE && message.includes('compacted')) return new EtcdError('compacted', text, { code })
  if (!isPassing(status)) return new EtcdError('refused', text, { code })
  // Without a leader nothing is begun; else the answer may have been lost on its way.
  return new EtcdError('unreachable', text, { code, mayBeDone: !message.includes('no leader') })
}
