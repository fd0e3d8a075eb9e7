import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import type { Endpoint } from '../../src/etcd/endpoints.js'

/** What was asked, and what to say to it. */
export interface FakeAsked {
  readonly path: string
  readonly body: Record<string, unknown>
  readonly headers: Record<string, string | string[] | undefined>
  readonly answer: ServerResponse
}

export interface FakeGateway {
  readonly endpoint: Endpoint
  readonly asked: { readonly path: string; readonly body: Record<string, unknown> }[]
}

/** A gateway on loopback that answers as it is told; it ends with the test. What is returned is sent as JSON; undefined: answered by hand. */
export async function fakeGateway(t: Test, handle: (asked: FakeAsked) => unknown): Promise<FakeGateway> {
  const asked: FakeGateway['asked'] = []
  const server = createServer((request, answer) => {
    let text = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => (text += chunk))
    request.on('end', () => {
      const body = JSON.parse(text) as Record<string, unknown>
      asked.push({ path: request.url!, body })
      const said = handle({ path: request.url!, body, headers: request.headers, answer })
      if (said !== undefined) answer.end(JSON.stringify(said))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { endpoint: { isTls: false, host: '127.0.0.1', port }, asked }
}

/** The gateway's own refusal. */
export function refuse(answer: ServerResponse, status: number, code: number, message: string): void {
  answer.writeHead(status).end(JSON.stringify({ error: message, message, code }))
}
