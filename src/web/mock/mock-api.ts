import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Linted, LintedService, Moved } from '../../control/dashboard/rules-work.ts'
import type { ServiceKey } from '../../control/protocol/api.ts'
import type { DrainRow, ServiceRow, Tick } from '../src/live/tick.ts'
import { isSameService, serviceFromPath, serviceName, serviceOption } from '../src/pure/service-name.ts'
import { sumsOf } from '../src/pure/sums.ts'
import { FLEET } from './mock-fleet.ts'
import { SETTINGS } from './mock-settings.ts'
import { mockConnection, mockExplanation, mockService, mockTick } from './mock-figures.ts'

/* A director's /api, made up: for `npm run dev` and for tests of the pages alone. It changes nothing but whether it is unlocked. */

export const MOCK_TOKEN = 'mock'
const CONNECTIONS = 1_000_000
/** A watch that is not asked for so long has ended; a director's after ten seconds. */
const LEFT_MS = 1500

type Body = Record<string, unknown>

export class MockApi {
  isOpen = false
  /** Whether ticks come. */
  isAlive = true
  /** Too many of a watch's flows are forwarded by a program. */
  leavesFlows = false
  readonly applied: string[] = []
  readonly #begunMs = Date.now()
  readonly #drains: DrainRow[] = []
  #plans = 0
  #watch: { filter: string; left: number; askedAt: number } | undefined

  constructor(
    readonly services = 40,
    readonly servers = 3,
  ) {}

  /** Whether the request was one of /api. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const url = new URL(request.url ?? '/', 'http://mock')
    if (!url.pathname.startsWith('/api/')) return false
    if (url.pathname === '/api/live') this.#live(url.searchParams, request, response)
    else void this.#json(url, request, response)
    return true
  }

  tick(query: URLSearchParams): Tick {
    const at = Date.now()
    const tick = mockTick(at, (at - this.#begunMs) / 1000, this.#window(query, Math.floor(at / 1000)), this.services)
    return { ...tick, drains: this.#drains }
  }

  #all(second: number): ServiceRow[] {
    return Array.from({ length: this.services }, (_, at) => mockService(at, this.servers, second))
  }

  #window(query: URLSearchParams, second: number): Tick['services'] {
    const key = serviceFromPath((query.get('service') ?? '').split('/'))
    const total = this.services
    if (key) {
      const rows = this.#all(second).filter(row => isSameService(row, key))
      return { total, matched: rows.length, first: 0, rows }
    }
    const [first = 0, count = 0] = (query.get('services') ?? '').split(',').map(Number)
    const words = (query.get('filter') ?? '').toLowerCase().split(' ')
    const all = this.#all(second).filter(row => words.every(word => searched(row).includes(word)))
    const sort = query.get('sort')
    if (sort) all.sort((one, other) => valueOf(other, sort) - valueOf(one, sort))
    if (query.get('order') === 'asc') all.reverse()
    return { total, matched: all.length, first, rows: all.slice(first, first + Math.min(count, 200)) }
  }

  #live(query: URLSearchParams, request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    const send = (): void => {
      if (this.isAlive) response.write(`event: tick\ndata: ${JSON.stringify(this.tick(query))}\n\n`)
    }
    send()
    const beat = setInterval(send, 1000)
    request.on('close', () => clearInterval(beat))
  }

  async #json({ pathname, searchParams }: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = JSON.parse(Buffer.concat(chunks).toString() || '{}') as Body
    const [status, value] = this.#reply(pathname, body, searchParams.has('service'))
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(value))
  }

  #reply(path: string, body: Body, isOfOne: boolean): [status: number, value: unknown] {
    switch (path) {
      case '/api/session':
        return [200, this.#session()]
      case '/api/login':
        this.isOpen = body['token'] === MOCK_TOKEN
        return this.isOpen ? [200, this.#session()] : [403, { message: 'that is not the token' }]
      case '/api/logout':
        this.isOpen = false
        return [200, this.#session()]
      case '/api/fleet':
        return [200, { fleet: FLEET }]
      case '/api/settings':
        return [200, SETTINGS]
      case '/api/lint':
        return [200, isOfOne ? LINTED_SERVICE : LINTED]
      case '/api/read':
        return [200, this.#read(body)]
      case '/api/connections':
        return [200, found(body)]
      case '/api/plan':
        return this.#plan(body)
      case '/api/apply':
        this.applied.push(String(body['id']))
        return [200, { message: 'applied: 1 change' }]
      case '/api/drain':
        this.#drains.push(drainOf(body))
        return [200, { id: 'd1' }]
      case '/api/drain/cancel':
        this.#drains.length = 0
        return [200, {}]
      default:
        return [404, { message: `${path}: there is nothing` }]
    }
  }

  #session() {
    return { admin: this.isOpen ? 'open' : 'locked', version: '0.2.0', ...(this.isOpen && { who: 'token' }) }
  }

  #plan({ lines, rules, flows }: Body): [number, unknown] {
    const given = Array.isArray(lines) ? lines.map(String) : String(rules).split('\n')
    const odd = given.find(line => !/^-[AEDaed]|^--add-laddr|^$/.test(line))
    if (odd !== undefined) return [400, { message: `'${odd}': it is no rule` }]
    const sum = `${given.length === 1 ? '1 change' : `${given.length} changes`}, 12 connections`
    const text = [...given.map(line => `+ ${line}`), sum, ''].join('\n')
    const id = this.isOpen ? { id: `p${++this.#plans}` } : {}
    const warnings = ['<script>globalThis.hit=1</script> has these rules']
    const moved = flows === undefined ? {} : { moved: MOVED }
    return [200, { ...id, text, commands: given, changes: given.length, connections: 12, warnings, ...moved }]
  }

  #read(body: Body): unknown {
    switch (body['op']) {
      case 'watch':
        if (this.#watch && this.#watch.left > 0 && Date.now() - this.#watch.askedAt < LEFT_MS)
          return { ok: false, refusal: 'EBUSY', message: 'somebody watches packets already' }
        this.#watch = { filter: String(body['filter']), left: 20, askedAt: Date.now() }
        return { ok: true, value: null }
      case 'watched': {
        const watch = this.#watch
        if (!watch || watch.left === 0) return { ok: true, value: { explanations: [], isOver: true } }
        watch.left--
        watch.askedAt = Date.now()
        return {
          ok: true,
          value: {
            explanations: [mockExplanation(watch.filter, Date.now())],
            isOver: watch.left === 0,
            ...(this.leavesFlows && { leavesFlows: true }),
          },
        }
      }
      case 'unwatch':
        this.#watch = undefined
        return { ok: true, value: null }
      case 'services':
        return { ok: true, value: { rows: this.#all(Math.floor(Date.now() / 1000)).slice(0, 100), next: null } }
      case 'offload':
        return { ok: true, value: { here: { young: 1234, changing: 12, noRoom: 0 } } }
      default:
        return { ok: false, refusal: 'EPROTO', message: `no such operation: '${String(body['op'])}'` }
    }
  }
}

const LINTED: Linted = {
  at: 0,
  hazards: 3,
  infos: 1,
  services: [{ service: { protocol: 'tcp', address: '192.168.10.0', port: 80 }, hazards: 3 }],
  withHazards: 1201,
}
/** What may not become markup is in it. */
const LINTED_SERVICE: LintedService = {
  at: 0,
  findings: [
    {
      hazard: 'weights-ignored',
      severity: 'hazard',
      message: 'rr looks at weights only for 0: all servers get the same share; use wrr',
    },
    { hazard: 'mark-unknown', severity: 'info', message: '<script>globalThis.hit=1</script> is known to nobody' },
  ],
  more: 20,
}
const MOVED: Moved = {
  flows: 4000,
  services: 21,
  openNow: 123_456,
  open: { stay: 3600, move: 0, break: 400 },
  again: { same: 3560, elsewhere: 440 },
  rows: [
    {
      service: 'TCP 192.168.10.0:80',
      isMadeUp: false,
      before: 'mh',
      after: 'mh',
      persistence: 0,
      flows: 2000,
      open: { stay: 1800, move: 0, break: 200 },
      again: { same: 1780, elsewhere: 220 },
      servers: [
        { server: '10.0.1.1:80', before: 1000, after: 0 },
        { server: '172.16.200.111:8080', before: 1000, after: 2000 },
      ],
    },
    {
      service: 'UDP 192.168.10.0:53',
      isMadeUp: true,
      before: 'wlc',
      after: '',
      persistence: 0,
      flows: 2000,
      open: { stay: 1800, move: 0, break: 200 },
      again: { same: 1780, elsewhere: 220 },
      servers: [
        { server: '<script>globalThis.hit=1</script>', before: 2000, after: 0 },
        { server: 'drop-no-destination', before: 0, after: 2000 },
      ],
    },
  ],
  more: 20,
}

function searched(row: ServiceRow): string {
  return `${serviceName(row)} ${row.scheduler}`.toLowerCase()
}

function valueOf(row: ServiceRow, sort: string): number {
  const sums: Record<string, number> = { ...row.rates, ...row.stats, ...sumsOf(row), servers: row.servers }
  return sums[sort] ?? 0
}

function found(body: Body): unknown {
  const from = Number(body['from'])
  const count = Number(body['count'])
  const rows = []
  let at = from
  for (; at < Math.min(CONNECTIONS, from + 100_000) && rows.length < count; at++) {
    const row = mockConnection(at)
    const fits = (name: string, value: unknown): boolean => body[name] === undefined || body[name] === value
    if (
      fits('caddr', row.caddr) &&
      fits('cport', row.cport) &&
      fits('vaddr', row.vaddr) &&
      fits('vport', row.vport) &&
      fits('state', row.state)
    )
      rows.push(row)
  }
  return { rows, next: at >= CONNECTIONS ? null : at }
}

function drainOf({ service, server, deadlineS }: Body): DrainRow {
  const { address, port } = server as { address: string; port: number }
  return {
    id: 'd1',
    service: serviceOption(service as ServiceKey),
    server: `${address}:${port}`,
    state: 'draining',
    seconds: 12,
    deadline: Number(deadlineS) - 12,
    active: 34,
    inactive: 120,
    persistent: 0,
    estimate: 42,
  }
}
