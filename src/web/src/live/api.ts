import type { Linted, LintedService, Planned } from '../../../control/dashboard/rules-work.ts'
import type { FleetShown } from '../../../control/dashboard/fleet.ts'
import type { Settings } from '../../../control/dashboard/settings.ts'
import type {
  ConnectionInfo,
  DestinationKey,
  OperationName,
  Reply,
  Request,
  ServiceKey,
} from '../../../control/protocol/api.ts'
import { parsed } from '../pure/parsed.ts'
import { servicePath } from '../pure/service-name.ts'

/* What the page asks of the director beside the stream. */

/** One line, for people. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    /** By its name, such as EBUSY, if the director refused the request. */
    readonly refusal?: string,
  ) {
    super(message)
  }
}

export interface Session {
  admin: 'off' | 'locked' | 'open'
  /** `uvs dashboard login` gives out codes. */
  hasCodes?: true
  who?: string
  version: string
}
/** What a plan is asked for: lines upon the present rules, or all rules anew. */
export type Wanted = { lines: string[] } | { rules: string }

export interface ConnectionsFound {
  rows: ConnectionInfo[]
  /** Where to go on: the table is large, and a request looks for a bounded time. */
  next: number | null
}

/** A request of the control protocol that changes nothing. Throws ApiError, a refusal too. */
export async function read<O extends OperationName>(request: Request<O>, signal?: AbortSignal): Promise<ValueOf<O>> {
  const reply = await post<Reply<O>>('/api/read', request, signal)
  if (!reply.ok) throw new ApiError(`${reply.message} (${reply.refusal})`, 200, reply.refusal)
  return reply.value as ValueOf<O>
}
export type ValueOf<O extends OperationName> = Extract<Reply<O>, { ok: true }>['value']

export const session = (): Promise<Session> => ask<Session>('/api/session')
export const settings = (signal?: AbortSignal): Promise<Settings> => ask<Settings>('/api/settings', signal)
export const lintAll = (signal?: AbortSignal): Promise<Linted> => ask<Linted>('/api/lint', signal)
export const lintOf = (service: ServiceKey, signal?: AbortSignal): Promise<LintedService> =>
  ask<LintedService>(`/api/lint?service=${encodeURIComponent(servicePath(service))}`, signal)
export const fleet = (signal?: AbortSignal): Promise<{ fleet?: FleetShown }> => ask('/api/fleet', signal)
export const login = (token: string): Promise<unknown> => post('/api/login', { token })
export const logout = (): Promise<unknown> => post('/api/logout', {})
export const plan = (wanted: Wanted, flows: number): Promise<Planned> =>
  post<Planned>('/api/plan', { ...wanted, ...(flows > 0 && { flows }) })
export const apply = (id: string): Promise<{ message: string }> => post('/api/apply', { id })
export const drain = (
  service: ServiceKey,
  server: DestinationKey,
  deadlineS: number,
  afterwards: 'keep' | 'reset',
): Promise<{ id: string }> => post('/api/drain', { service, server, deadlineS, afterwards })
export const cancelDrain = (id: string): Promise<unknown> => post('/api/drain/cancel', { id })
export const findConnections = (request: object, signal?: AbortSignal): Promise<ConnectionsFound> =>
  post<ConnectionsFound>('/api/connections', request, signal)

/** Of this tab: a watch for packets belongs to who began it. */
const CLIENT = Array.from(crypto.getRandomValues(new Uint8Array(12)), octet =>
  octet.toString(16).padStart(2, '0'),
).join('')

export async function ask<T>(path: string, signal?: AbortSignal): Promise<T> {
  return answered<T>(await reach(path, { ...(signal && { signal }) }))
}

async function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  const headers = { 'content-type': 'application/json', 'x-uvs-client': CLIENT }
  const init = { method: 'POST', headers, body: JSON.stringify(body), ...(signal && { signal }) }
  return answered<T>(await reach(path, init))
}

/** Why a stream is refused; '' if it is not, or nobody answers. */
export async function refusalOf(path: string): Promise<string> {
  const stop = new AbortController()
  try {
    const response = await reach(path, { signal: stop.signal })
    if (response.ok) stop.abort()
    else await answered(response)
    return ''
  } catch (error) {
    return error instanceof ApiError && error.status === 400 ? error.message : ''
  }
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, credentials: 'same-origin' })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError('the director does not answer', 0)
  }
}

async function answered<T>(response: Response): Promise<T> {
  const text = await response.text()
  let value: unknown
  try {
    value = text === '' ? {} : parsed(text)
  } catch {
    throw new ApiError(`the director answered ${response.status}, and no JSON`, response.status)
  }
  if (response.ok) return value as T
  const { message } = value as { message?: unknown }
  throw new ApiError(
    typeof message === 'string' ? message : `the director answered ${response.status}`,
    response.status,
  )
}
