import { TLSSocket } from 'node:tls'
import { endpointName, type Endpoint } from './endpoints.js'
import { EtcdError } from './etcd-error.js'

export interface Attempt {
  /** Undefined if there was none yet. */
  readonly socket: unknown
  readonly isConnected: boolean
  /** The endpoint has answered before. */
  readonly hasAnswered: boolean
}

type SystemError = Error & { code?: string; reason?: string }

/** Why an endpoint gave no answer. What TLS or a wrong scheme is the reason of will not pass: `lasts`. */
export function exchangeError(to: Endpoint, error: Error, { socket, isConnected, hasAnswered }: Attempt): EtcdError {
  const fail = (why: string, lasts: boolean): EtcdError =>
    new EtcdError('unreachable', `${endpointName(to)}: ${why}`, { mayBeDone: isConnected && !lasts, lasts })
  // Of an AggregateError, which a name with several addresses gives, the first.
  const first = (error instanceof AggregateError ? error.errors[0] : error) as SystemError
  const text = first.message.split('\n', 1)[0]!
  const { code = '', reason = text } = first
  if (socket instanceof TLSSocket && socket.authorizationError !== null && socket.authorizationError !== undefined)
    return fail(`its certificate is not trusted: ${text}`, true)
  if (reason.includes('wrong version number')) return fail('it speaks no TLS: is it http://?', true)
  if (code.startsWith('ERR_SSL_') && text.includes('alert'))
    return fail(`it ends the connection for want of a certificate of ours that it trusts: ${reason}`, true)
  if (hasAnswered || !(code === 'ECONNRESET' || code === 'EPIPE')) return fail(text, false)
  const wish = to.isTls ? 'a certificate of ours' : 'https://'
  return fail(`it has closed the connection without an answer: does it want ${wish}?`, false)
}
