import { isIP } from 'node:net'
import { UsageError } from '../../../director/options.js'
import type { Option } from '../../option.js'
import type { Given } from '../options/read-options.js'

/** Where the dashboard, /metrics and /healthz are served. */
export interface HttpOptions {
  host: string
  port: number
  /** By which browsers ask for it, besides addresses and localhost. */
  names: string[]
  /** A file of tokens by which rules may be changed. */
  tokens: string | undefined
  /** Who may ask the control socket may log in. */
  hasSocketLogin: boolean
}

export const HTTP_OPTIONS: readonly Option[] = [
  {
    flags: ['--http'],
    value: '[ADDR:]PORT',
    help: 'the dashboard, Prometheus /metrics, and /healthz, there; on 127.0.0.1 unless said otherwise',
  },
  {
    flags: ['--http-host'],
    value: 'NAME',
    help: 'a name that browsers ask for the dashboard by, besides addresses and localhost',
    repeatable: true,
  },
  {
    flags: ['--http-admin'],
    value: 'socket|FILE',
    is: 'file',
    help: 'who may change rules in the dashboard: who may run `uvs dashboard login`; who has a token of FILE, lines of NAME TOKEN, mode 0600',
    repeatable: true,
  },
]

/** Listens only on the given address; without one, on loopback, for this host's own programs. */
export function readHttp(given: Given): HttpOptions | undefined {
  const text = given.one('--http')
  if (text === undefined) {
    const stray = HTTP_OPTIONS.find(({ flags }) => given.has(flags[0]!))
    if (stray) throw new UsageError(`${stray.flags[0]} goes with --http`)
    return undefined
  }
  const match = /^(?:(?<address>.*):)?(?<port>\d{1,5})$/.exec(text)
  const port = Number(match?.groups!.port)
  const host = (match?.groups!.address || '127.0.0.1').replace(/^\[(.*)\]$/, '$1')
  if (!match || port > 65_535)
    throw new UsageError(`--http: '${text}' is not PORT or ADDRESS:PORT, such as 127.0.0.1:9100`)
  if (isIP(host) === 0) throw new UsageError(`--http: '${text}': '${host}' is no address, such as 127.0.0.1 or [::1]`)
  return { host, port, names: given.all('--http-host').map(readName), ...readAdmin(given.all('--http-admin')) }
}

/** A file of that name is `./socket`. */
function readAdmin(admins: readonly string[]): Pick<HttpOptions, 'tokens' | 'hasSocketLogin'> {
  const [tokens, ...more] = admins.filter(admin => admin !== 'socket')
  if (more.length > 0) throw new UsageError(`--http-admin: '${more[0]}': a file of tokens is named already, ${tokens}`)
  return { tokens, hasSocketLogin: admins.includes('socket') }
}

function readName(name: string): string {
  if (/^[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?$/i.test(name)) return name
  throw new UsageError(`--http-host: '${name}' is no host's name, such as lb1.example.net, without a port`)
}
