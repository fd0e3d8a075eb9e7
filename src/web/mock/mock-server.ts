import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import type { MockApi } from './mock-api.ts'

/** The director's policy: docs of the dashboard say it; what the pages do must suit it. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

/** The built pages, and a made-up director behind them. */
export async function serveMock(folder: string, api: MockApi): Promise<{ address: string; server: Server }> {
  const server = createServer((request, response) => {
    if (api.answer(request, response)) return
    const { pathname } = new URL(request.url ?? '/', 'http://mock')
    const name = extname(pathname) === '' ? 'index.html' : normalize(pathname)
    try {
      const file = readFileSync(join(folder, name))
      response.writeHead(200, {
        'content-type': TYPES[extname(name)] ?? 'text/plain',
        'content-security-policy': POLICY,
      })
      response.end(file)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}
