import { connect } from 'node:tls'
import type { Endpoint } from './endpoints.js'

/** PEM each. */
export interface EtcdTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/** What a TLS handshake comes to. */
export interface Handshake {
  /** The endpoint speaks TLS. */
  readonly isTls: boolean
  /** Why it does not take us, in its words; undefined: it does, as far as is known. */
  readonly refused?: string
}

/** A certificate of ours is refused after the handshake, when the other one has seen it; ms. */
const REFUSED_WITHIN_MS = 500

/** Shakes hands and says nothing: what has been sent already would make the connection end without the reason. */
export function tryHandshake({ host, port }: Endpoint, tls: EtcdTls, limitMs: number): Promise<Handshake> {
  return new Promise(resolve => {
    const socket = connect({ host, port, ...tls, rejectUnauthorized: false })
    let isTls = false
    const end = (found: Handshake): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(found)
    }
    let timer = setTimeout(() => end({ isTls }), limitMs)
    socket.once('secureConnect', () => {
      isTls = true
      clearTimeout(timer)
      timer = setTimeout(() => end({ isTls }), REFUSED_WITHIN_MS)
    })
    socket.once('close', () => end({ isTls }))
    socket.on('error', (error: Error & { code?: string; reason?: string }) => {
      const isAlert = error.code?.startsWith('ERR_SSL_') === true && error.message.includes('alert')
      end(isAlert ? { isTls: true, refused: error.reason ?? error.message } : { isTls })
    })
  })
}
