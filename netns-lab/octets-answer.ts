import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pattern } from './pattern.js'

/** Answers GET /octets/N with N octets of the pattern, and POST with the SHA-256 of the body; returns false for anything else. */
export function answerOctets(request: IncomingMessage, response: ServerResponse): boolean {
  const octets = /^\/octets\/(\d+)$/.exec(request.url ?? '')?.[1]
  if (octets !== undefined) {
    response.writeHead(200, { 'Content-Length': octets })
    Readable.from(pattern(Number(octets))).pipe(response)
  } else if (request.method === 'POST') {
    const hash = createHash('sha256')
    request.on('data', piece => hash.update(piece)).on('end', () => response.end(hash.digest('hex')))
  } else return false
  return true
}
