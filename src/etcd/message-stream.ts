import { endpointName } from './endpoints.js'
import { EtcdError } from './etcd-error.js'
import type { OpenStream } from './gateway.js'
import { errorOf, statusOf } from './grpc-status.js'

/** Characters of a message. A fragment of a watch is a few MB; a whole one, of an etcd that makes none, may be larger. */
const MESSAGE_MAX = 64 * 1024 * 1024
/** The first message comes with the answer's head. */
const FIRST_MS = 5_000

type Json = Record<string, unknown>

/**
 * Reads a stream of the gateway, a JSON object a line, each `{"result":…}` or `{"error":…}`. `message` gets each result in order; `ended`
 * is called once, when the stream is at its end, for whatever reason. Returns what ends it without a call of either.
 */
export function readMessages(
  { endpoint, answer }: OpenStream,
  message: (result: Json) => void,
  ended: (why: EtcdError) => void,
): () => void {
  const where = endpointName(endpoint)
  let rest = ''
  let isOver = false
  const end = (why: EtcdError | undefined): void => {
    if (isOver) return
    isOver = true
    answer.destroy()
    if (why) ended(why)
  }
  const lost = (why: string): void => end(new EtcdError('unreachable', `${where}: ${why}`))
  answer.setEncoding('utf8')
  answer.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    if (rest.length > MESSAGE_MAX)
      return end(new EtcdError('malformed', `${where}: a message of more than ${MESSAGE_MAX} characters`))
    for (const line of lines) {
      if (isOver) return
      if (line.trim() === '') continue
      try {
        message(resultOf(line, where))
      } catch (error) {
        if (error instanceof EtcdError) return end(error)
        throw error
      }
    }
  })
  answer.on('error', error => lost(error.message))
  answer.on('end', () => lost('the stream ended'))
  answer.on('close', () => lost('the stream broke off'))
  return () => end(undefined)
}

/** Waits for the first message, and ends the stream. */
export function readFirstMessage(stream: OpenStream): Promise<Json> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      stop()
      reject(new EtcdError('unreachable', `${endpointName(stream.endpoint)}: no message within ${FIRST_MS} ms`))
    }, FIRST_MS)
    const first = (result: Json): void => {
      clearTimeout(timer)
      resolve(result)
      stop()
    }
    const stop = readMessages(stream, first, why => {
      clearTimeout(timer)
      reject(why)
    })
  })
}

function resultOf(line: string, where: string): Json {
  let message: { result?: unknown; error?: unknown }
  try {
    message = JSON.parse(line) as typeof message
  } catch {
    throw new EtcdError('malformed', `${where}: a message of the stream is no JSON`)
  }
  const status = statusOf(message?.error) ?? statusOf(message)
  if (status) throw errorOf(status, where)
  if (typeof message?.result !== 'object' || message.result === null)
    throw new EtcdError('malformed', `${where}: a message of the stream has no result`)
  return message.result as Json
}
