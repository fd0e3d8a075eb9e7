import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Namespaces, Started } from './namespaces.js'
import { until } from './proc.js'
import { ours, which } from './tools.js'

const START_MS = 30_000
/** nginx ends a connection after so many requests of this path. */
export const [FEW, FEW_PATH] = [20, 'twenty']

export interface WebServer {
  /** 'nginx' or 'Node' */
  kind: string
  pid: number
  /** The path of a file of `bigOctets` octets, after the URL's last slash. */
  bigPath: string
  /** Requests answered since start, by the server's own count. */
  answered(): number
}

export interface WebServerOptions {
  port: number
  /** UDP echo too; the Node server only. */
  udpPort?: number
  /** The address to listen on, where the real server has several. Default: all. */
  udpAddress?: string
  /** Use the Node server even if nginx is installed. */
  node?: boolean
  /** Do not count requests: this saves a write for each. */
  quiet?: boolean
  /** nginx only: a master and a worker for each CPU, as distributions configure it, instead of one process. */
  workers?: boolean
  /** The size in octets of the file at `bigPath`. */
  bigOctets?: number
  /** nginx with its dav module only: accepts PUTs below /up/, into memory. */
  uploads?: boolean
}

/** Starts an HTTP server that answers with its namespace's name; resolves when it listens. It may be started again after its end. */
export async function startWebServer(spaces: Namespaces, name: string, options: WebServerOptions): Promise<WebServer> {
  const { port, udpPort = 0, udpAddress = '0.0.0.0', node = false, quiet = false } = options
  const dir = join(spaces.ledger.dir, name)
  mkdirSync(dir, { recursive: true })
  const counts = join(dir, 'requests')
  writeFileSync(counts, '', { flag: 'a' })
  const nginx = node ? undefined : which('nginx')
  const countFile = quiet ? [] : [counts]
  const { pid, log } = nginx
    ? startNginx(spaces, nginx, dir, name, options)
    : spaces.start(name, `node-${name}`, process.execPath, [
        ours('netns-lab/name-server.js'),
        name,
        String(port),
        `${udpAddress}:${udpPort}`,
        ...countFile,
      ])
  if (!(await until(() => listens(pid, port), START_MS, spaces.signal))) {
    throw new Error(`the HTTP server in ${spaces.full(name)} does not listen: ${readFileSync(log, 'utf8').trim()}`)
  }
  return {
    kind: nginx ? 'nginx' : 'Node',
    pid,
    bigPath: nginx ? 'big' : `octets/${options.bigOctets ?? 0}`,
    answered: () => readFileSync(counts, 'utf8').split('\n').length - 1,
  }
}

/** Starts nginx; for uploads, over a tmpfs in the process's own mount namespace (from `ip netns exec`), which ends with it. */
function startNginx(spaces: Namespaces, nginx: string, dir: string, name: string, options: WebServerOptions): Started {
  const args = nginxArguments(dir, name, options)
  if (!options.uploads) return spaces.start(name, `nginx-${name}`, nginx, args)
  mkdirSync(join(dir, 'up'))
  const mounted = 'mount -t tmpfs tmpfs "$0" && exec "$@"'
  return spaces.start(name, `nginx-${name}`, 'sh', ['-c', mounted, join(dir, 'up'), nginx, ...args])
}

/** nginx's configuration, with all its files in the lab's directory; in the foreground, so that its pid ends it. */
function nginxArguments(
  dir: string,
  name: string,
  { port, quiet, workers, bigOctets, uploads }: WebServerOptions,
): string[] {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    kind => `${kind}_temp_path ${dir}/${uploads ? 'up/' : ''}${kind};`,
  )
  const processes = workers ? 'user root; worker_processes auto;' : 'master_process off;'
  const conf = [
    `daemon off; ${processes} pid ${dir}/pid; error_log stderr; worker_rlimit_nofile 20000;`,
    'events { worker_connections 8000; }',
    `http { ${temporary.join(' ')} log_format count '.'; sendfile on; keepalive_requests 1000000;`,
    quiet ? 'access_log off;' : `access_log ${dir}/requests count;`,
    `server { listen ${port} backlog=4096; default_type text/plain; location / { return 200 "${name}\\n"; }`,
    `location /${FEW_PATH} { keepalive_requests ${FEW}; return 200 "${name}\\n"; }`,
    bigOctets === undefined ? '' : `location /big { alias ${sparseFile(dir, bigOctets)}; }`,
    uploads ? `location /up/ { alias ${dir}/up/; dav_methods PUT; client_max_body_size 0; }` : '',
    '} }\n',
  ]
  writeFileSync(join(dir, 'nginx.conf'), conf.join('\n'))
  return ['-p', dir, '-e', 'stderr', '-c', join(dir, 'nginx.conf')]
}

/** A sparse file. */
function sparseFile(dir: string, octets: number): string {
  const file = join(dir, 'big')
  writeFileSync(file, '')
  truncateSync(file, octets)
  return file
}

/** Whether a program listens on the TCP port in the process's namespace (proc(5), /proc/net/tcp: state 0A). */
export function listens(pid: number, port: number): boolean {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  try {
    const rows = readFileSync(`/proc/${pid}/net/tcp`, 'latin1')
      .split('\n')
      .map(row => row.trim().split(/\s+/))
    return rows.some(([, at, , state]) => at?.endsWith(local) && state === '0A')
  } catch {
    return false // it has ended; the caller's time limit says so
  }
}
