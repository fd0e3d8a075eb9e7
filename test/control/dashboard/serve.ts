import { mkdirSync, writeFileSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { Dashboard, type DashboardOptions } from '../../../src/control/dashboard/dashboard.js'
import { serveHttp, type HttpLimits } from '../../../src/control/metrics/http.js'
import { Transactions } from '../../../src/control/rules/transactions.js'
import { LoginCodes } from '../../../src/control/dashboard/admin/login-codes.js'
import { TokenFile } from '../../../src/control/dashboard/admin/token-file.js'
import { dashboardCommands } from '../../../src/cli/uvs/director/dashboard-commands.js'
import type { Control } from '../../../src/control/protocol/api.js'
import { ThreadedDesk } from '../../../src/cli/uvs/director/rules-work/threaded-desk.js'
import { BenchDirector, DIP_C, DIP_R } from '../../support/bench-director.js'
import { Metrics } from '../../../src/control/metrics/metrics.js'
import { RequestCounts } from '../../../src/control/metrics/request-counts.js'
import { RulesLoads } from '../../../src/control/metrics/rules-loads.js'
import { tempDir } from '../../support/temp.js'

type Test = Pick<typeof import('tap').t, 'teardown'>

/** What trial directors are made of, as the bench is. */
export const DESK: ConstructorParameters<typeof ThreadedDesk>[0] = {
  devices: [
    { kind: 'raw', name: 'c' },
    { kind: 'raw', name: 'r' },
  ],
  director: { addresses: [`${DIP_C}/24@c`, `${DIP_R}/24@r`], seed: 1 },
}

interface ServeOptions extends Omit<Partial<DashboardOptions>, 'control'> {
  control: Control
  /** The file of --http-admin. */
  tokens?: string
  /** Of `uvs dashboard login`. */
  codes?: LoginCodes
  /** What the director's log is told. */
  told?: string[]
}

/** A dashboard on loopback; returns its port. */
export function serveDashboard(t: Test, options: ServeOptions): Promise<number> {
  return listen(t, dashboardOn(t, options), options.control)
}

export function dashboardOn(t: Test, { tokens, codes, told, ...options }: ServeOptions): Dashboard {
  const tell = (line: string): void => void told?.push(line)
  const admin = {
    director: new Transactions(options.control, () => new BenchDirector().director),
    work: desk(t, options.control),
    commands: dashboardCommands(),
    ways: { tokens: tokens === undefined ? undefined : new TokenFile(tokens, tell), codes },
    tell,
  }
  return new Dashboard({ names: [], workers: 1, folder: builtPages(t), admin, ...options })
}

function desk(t: Test, control: Control): ThreadedDesk {
  const found = new ThreadedDesk(DESK, control, () => [])
  t.teardown(() => found.close())
  return found
}

export async function listen(t: Test, site: Dashboard, control: Control, limits: HttpLimits = {}): Promise<number> {
  const metrics = new Metrics({ control, requests: new RequestCounts(), rules: new RulesLoads() })
  const server = await serveHttp({ host: '127.0.0.1', port: 0 }, control, metrics, limits, site)
  t.teardown(() => server.close())
  return server.port
}

export const PAGE = '<!doctype html><title>uvs</title>'
export const SCRIPT = `console.log(${JSON.stringify('x'.repeat(2000))})`

function builtPages(t: Test): string {
  const folder = tempDir(t as Parameters<typeof tempDir>[0])
  mkdirSync(join(folder, 'assets'))
  writeFileSync(join(folder, 'index.html'), PAGE)
  writeFileSync(join(folder, 'assets/index-B3hx0aZ_.js'), SCRIPT)
  writeFileSync(join(folder, 'secret.map'), '{}')
  return folder
}

export interface Asked {
  method?: string
  headers?: Record<string, string>
  body?: unknown
}
export interface Answered {
  status: number
  headers: IncomingMessage['headers']
  text: string
  json: unknown
}

/** Asks by plain HTTP, so that Host, Origin and Sec-Fetch-Site may be any. */
export function ask(port: number, path: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<Answered> {
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
  const type =
    text === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }
  return new Promise((resolve, reject) => {
    const asked = request({ port, path, method, host: '127.0.0.1', agent: false, headers: { ...type, ...headers } })
    asked.on('error', reject).on('response', response => {
      const pieces: Buffer[] = []
      response
        .on('data', (piece: Buffer) => pieces.push(piece))
        .on('end', () => {
          const said = Buffer.concat(pieces).toString('latin1')
          const isJson = said !== '' && response.headers['content-type'] === 'application/json'
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            text: said,
            json: isJson ? JSON.parse(said) : undefined,
          })
        })
      response.on('error', reject)
    })
    asked.end(text)
  })
}

export function post(
  port: number,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answered> {
  return ask(port, path, { method: 'POST', body, headers })
}

/** The ticks of a stream, as they come, until the test ends. */
export async function* ticks(t: Test, port: number, query = ''): AsyncGenerator<Tick> {
  const stop = new AbortController()
  t.teardown(() => stop.abort())
  const response = await fetch(`http://127.0.0.1:${port}/api/live${query}`, { signal: stop.signal })
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
  let text = ''
  const decoder = new TextDecoder()
  for await (const piece of response.body!) {
    text += decoder.decode(piece as Uint8Array, { stream: true })
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const [event, data] = text.slice(0, end).split('\n')
      text = text.slice(end + 2)
      yield { event: event!.replace('event: ', ''), ...(JSON.parse(data!.replace('data: ', '')) as object) } as Tick
    }
  }
}

export type Tick = { event: string; services: { total: number; matched: number; first: number; rows: Row[] } } & Record<
  string,
  unknown
>
export type Row = import('../../../src/control/protocol/api.js').ServiceInfo & { servers: number }

export async function next<T>(all: AsyncGenerator<T>): Promise<T> {
  const { value, done } = await all.next()
  if (done) throw new Error('the stream has ended')
  return value
}
