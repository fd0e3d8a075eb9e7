import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Namespaces, Started } from './namespaces.js'
import { until } from './proc.js'
import { ours, which } from './tools.js'

const START_MS = 5000

export interface WebServer {
  /** 'nginx' or 'Node' */
  kind: string
  pid: number
  /** Where `bigOctets` octets are, as they stand behind the URL's last slash. */
  bigPath: string
  /** Requests answered since start, by the server's own count. */
  answered(): number
}

export interface WebServerOptions {
  port: number
  /** UDP echo beside it; the Node server only. */
  udpPort?: number
  /** The address that it is on: what it answers from, where the real server holds several. Without it all. */
  udpAddress?: string
  /** Take the Node server though nginx is there. */
  node?: boolean
  /** Do not count: a write a request is saved. */
  quiet?: boolean
  /** nginx only: a master and a worker for each CPU, as distributions set it up, instead of one process. */
  workers?: boolean
  /** So many octets are to be had from `bigPath`. */
  bigOctets?: number
  /** nginx with its dav module only: takes PUTs below /up/, into memory. */
  uploads?: boolean
}

/** Starts an HTTP server that answers with its namespace's name; resolves when it listens. */
export async function startWebServer(spaces: Namespaces, name: string, options: WebServerOptions): Promise<WebServer> {
  const { port, udpPort = 0, udpAddress = '0.0.0.0', node = false, quiet = false } = options
  const dir = join(spaces.ledger.dir, name)
  mkdirSync(dir)
  const counts = join(dir, 'requests')
  writeFileSync(counts, '')
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

/** With uploads, over a tmpfs of the process's own (`ip netns exec` gives it a mount namespace), which goes with it. */
function startNginx(spaces: Namespaces, nginx: string, dir: string, name: string, options: WebServerOptions): Started {
  const args = nginxArguments(dir, name, options)
  if (!options.uploads) return spaces.start(name, `nginx-${name}`, nginx, args)
  mkdirSync(join(dir, 'up'))
  const mounted = 'mount -t tmpfs tmpfs "$0" && exec "$@"'
  return spaces.start(name, `nginx-${name}`, 'sh', ['-c', mounted, join(dir, 'up'), nginx, ...args])
}

/** A configuration of our own, all its files in the lab's directory; in the foreground, ended by its pid. */
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
    bigOctets === undefined ? '' : `location /big { alias ${sparseFile(dir, bigOctets)}; }`,
    uploads ? `location /up/ { alias ${dir}/up/; dav_methods PUT; client_max_body_size 0; }` : '',
    '} }\n',
  ]
  writeFileSync(join(dir, 'nginx.conf'), conf.join('\n'))
  return ['-p', dir, '-e', 'stderr', '-c', join(dir, 'nginx.conf')]
}

/** A file that takes no room. */
function sparseFile(dir: string, octets: number): string {
  const file = join(dir, 'big')
  writeFileSync(file, '')
  truncateSync(file, octets)
  return file
}

/** Whether something listens on the TCP port in the process's namespace (proc(5), /proc/net/tcp: state 0A). */
function listens(pid: number, port: number): boolean {
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
