import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'

/* The built pages: read and compressed once, when the first is asked for. A path is looked up among them, never in the file system. */

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.txt': 'text/plain; charset=utf-8',
}
/** Vite's names: assets/index-B3hx0aZ_.js is never another file. */
const HASHED = /^\/assets\/.+-[\w-]{8}\.\w+$/
const FOREVER = 'public, max-age=31536000, immutable'
const NOT_BUILT = "the dashboard's pages are not in dist/web: `npm run prepare` builds them\n"
/** Smaller ones gain nothing. */
const GZIP_FROM = 512

interface Asset {
  type: string
  body: Buffer
  gzipped: Buffer | undefined
  etag: string
  caching: string
}

export class Assets {
  readonly #folder: string
  #read: ReadonlyMap<string, Asset> | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Answers GET and HEAD of a path: a file, or for a path without extension the page, which says what is there: with 404 where no view is. */
  answer(request: IncomingMessage, response: ServerResponse, path: string): void {
    this.#read ??= readAssets(this.#folder)
    const asset = this.#read.get(isPage(path) ? '/index.html' : path)
    if (asset) return send(request, response, asset, !isPage(path) || isView(path) ? 200 : 404)
    const [status, text] = isPage(path) ? [503, NOT_BUILT] : [404, 'there is no such file\n']
    response.writeHead(status, { 'content-type': TYPES['.txt'], 'content-length': text.length }).end(text)
  }
}

/** The views of the pages; what they show is in the query. */
const VIEWS = ['', 'services', 'service', 'connections', 'drops', 'path', 'redundancy', 'settings', 'try', 'index.html']

function isView(path: string): boolean {
  return VIEWS.includes(path.replace(/^\/|\/$/g, ''))
}

/** Whether it is a view's URL rather than a file; a view's may have an address in it. */
export function isPage(path: string): boolean {
  return path === '/index.html' || !/\.[a-z][a-z0-9]*$/i.test(path)
}

function send(request: IncomingMessage, response: ServerResponse, asset: Asset, status: 200 | 404): void {
  const isGzipped = asset.gzipped !== undefined && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  const etag = isGzipped ? asset.etag.replace(/"$/, '-gz"') : asset.etag
  const headers = { etag, 'cache-control': asset.caching, vary: 'accept-encoding' }
  if (status === 200 && request.headers['if-none-match']?.split(/\s*,\s*/).includes(etag)) {
    response.writeHead(304, headers).end()
    return
  }
  const body = isGzipped ? asset.gzipped! : asset.body
  response.writeHead(status, {
    ...headers,
    'content-type': asset.type,
    'content-length': body.length,
    ...(isGzipped && { 'content-encoding': 'gzip' }),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** By path from the root on. Empty if the pages were not built. */
function readAssets(folder: string): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>()
  for (const name of namesIn(folder)) {
    const type = TYPES[extname(name)]
    if (type === undefined) continue // a source map
    const path = `/${name}`
    const body = readFileSync(join(folder, name))
    const zipped = body.length >= GZIP_FROM && !type.startsWith('image/png') ? gzipSync(body, { level: 9 }) : undefined
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
    assets.set(path, { type, body, gzipped: zipped, etag, caching: HASHED.test(path) ? FOREVER : 'no-cache' })
  }
  return assets
}

function namesIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    return entries
      .filter(entry => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
