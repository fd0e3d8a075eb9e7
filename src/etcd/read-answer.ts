import type { IncomingMessage } from 'node:http'
import { EtcdError } from './etcd-error.js'

/** Bytes of a whole answer. Pages of values, 1.5 MB each at most, are far below it. */
const ANSWER_MAX = 128 * 1024 * 1024

/** Reads the whole answer as text. EtcdError if it breaks off, takes longer than `limitMs`, or is larger than any of etcd's. */
export function readAnswer(answer: IncomingMessage, where: string, limitMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const fail = (error: EtcdError): void => {
      clearTimeout(timer)
      reject(error)
      answer.destroy()
    }
    const lost = (why: string): void => fail(new EtcdError('unreachable', `${where}: ${why}`, { mayBeDone: true }))
    const timer = setTimeout(() => lost(`the answer did not end within ${limitMs} ms`), limitMs)
    answer.on('data', (chunk: Buffer) => {
      length += chunk.length
      chunks.push(chunk)
      if (length > ANSWER_MAX) fail(new EtcdError('malformed', `${where}: an answer of more than ${ANSWER_MAX} bytes`))
    })
    answer.on('end', () => {
      clearTimeout(timer)
      resolve(Buffer.concat(chunks).toString('utf8'))
    })
    answer.on('error', error => lost(error.message))
    answer.on('close', () => lost('the answer broke off'))
  })
}
