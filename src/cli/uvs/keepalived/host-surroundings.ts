import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { cpus, hostname } from 'node:os'
import { dirname, join } from 'node:path'
import type { Found, RoutingNames, ScriptFound, Surroundings } from '../../../keepalived/config/surroundings.js'

/** A mail server's name is asked for no longer than this. */
const RESOLVE_TIMEOUT_MS = 3000
/** net_device_flags of netdevice(7). */
const IFF_LOOPBACK = 0x8
const MOST_OCTETS = 16 * 1024 * 1024

/** This host, for reading a configuration. `interfaces`: those that count as there besides the kernel's. */
export function hostSurroundings({ id, interfaces }: { id?: string; interfaces: readonly string[] }): Surroundings {
  const resolved = new Map<string, boolean>()
  return {
    configId: id ?? hostname().split('.')[0]!,
    read: readPath,
    list: directory => namesIn(directory === '' ? '.' : directory),
    hasInterface: name => interfaces.includes(name) || (isName(name) && existsSync(`/sys/class/net/${name}`)),
    isLoopback: name => !interfaces.includes(name) && isName(name) && hasFlag(name, IFF_LOOPBACK),
    hasNamespace: name => isName(name) && existsSync(`/run/netns/${name}`),
    hasUser: name => isListed('/etc/passwd', name),
    hasGroup: name => isListed('/etc/group', name),
    resolves(host) {
      const known = resolved.get(host) ?? resolves(host)
      resolved.set(host, known)
      return known
    },
    script: scriptState,
    routingNumber,
    isVrf,
    cpus: cpus().length,
    random: Math.random,
  }
}

const isName = (text: string): boolean => /^[^/\s]{1,255}$/.test(text) && !/^\.\.?$/.test(text)

/** Of an interface that the kernel has. */
function hasFlag(name: string, flag: number): boolean {
  try {
    return (Number(readFileSync(`/sys/class/net/${name}/flags`, 'utf8')) & flag) !== 0
  } catch {
    return false
  }
}

/** A FIFO or a device may never end: only regular files are opened. What cannot be read is as good as missing. */
export function readPath(path: string): Found {
  try {
    const stat = statSync(path)
    if (stat.isDirectory()) return { kind: 'directory' }
    if (!stat.isFile()) return { kind: 'missing', why: 'it is no regular file' }
    if (stat.size > MOST_OCTETS) return { kind: 'missing', why: 'it is larger than 16 MiB' }
    return { kind: 'file', text: readFileSync(path, 'utf8') }
  } catch (error) {
    return { kind: 'missing', why: whyUnread((error as NodeJS.ErrnoException).code) }
  }
}

function whyUnread(code: string | undefined): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file'
  if (code === 'EACCES' || code === 'EPERM') return 'this user may not read it'
  return `it cannot be read (${code})`
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort()
  } catch {
    return []
  }
}

/** By name: a number is none. */
function isListed(file: string, wanted: string): boolean {
  const found = readPath(file)
  if (found.kind !== 'file') return false
  return wanted !== '' && found.text.split('\n').some(line => line.split(':')[0] === wanted)
}

function resolves(host: string): boolean {
  return spawnSync('getent', ['ahosts', '--', host], { timeout: RESOLVE_TIMEOUT_MS, stdio: 'ignore' }).status === 0
}

/** A command without a slash is looked for in PATH. */
function scriptState(command: string): ScriptFound {
  const path = command.includes('/') ? command : inPath(command)
  if (path === undefined || !existsSync(path)) return 'missing'
  const real = realpathSync(path)
  if (!statSync(real).isFile()) return 'directory'
  if (!isExecutable(real)) return 'inert'
  return isRootsAlone(real) ? 'runs' : 'insecure'
}

function inPath(command: string): string | undefined {
  const directories = (process.env['PATH'] ?? '/usr/bin:/bin').split(':')
  return directories.map(directory => join(directory, command)).find(path => existsSync(path))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Neither the file nor a directory above it may be written by others than root; a sticky directory keeps others from it. */
function isRootsAlone(path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    const { uid, mode, gid } = statSync(at)
    const isSticky = (mode & constants.S_IFMT) === constants.S_IFDIR && (mode & 0o1000) !== 0
    const groupWrites = (mode & 0o020) !== 0 && gid !== 0
    if (uid !== 0 || (!isSticky && (groupWrites || (mode & 0o002) !== 0))) return false
    if (at === dirname(at)) return true
  }
}

/** Known without a file. */
const WELL_KNOWN: Readonly<Partial<Record<RoutingNames, Readonly<Record<string, number>>>>> = {
  rt_tables: { local: 255, main: 254, default: 253 },
  rt_protos: { kernel: 2, boot: 3, static: 4, ra: 9, keepalived: 18 },
  rt_scopes: { global: 0, nowhere: 255, host: 254, link: 253, site: 200 },
}

function routingNumber(names: RoutingNames, wanted: string): number | undefined {
  const known = WELL_KNOWN[names]
  if (known !== undefined && Object.hasOwn(known, wanted)) return known[wanted]
  const files = names === 'protocols' ? ['/etc/protocols'] : [`/etc/iproute2/${names}`, `/usr/share/iproute2/${names}`]
  for (const file of files) {
    const found = readPath(file)
    const number = found.kind === 'file' ? numberIn(found.text, wanted) : undefined
    if (number !== undefined) return number
  }
  return undefined
}

/** Of lines such as `0x12 keepalived`, or `tcp 6 TCP`. */
function numberIn(text: string, wanted: string): number | undefined {
  for (const line of text.split('\n')) {
    const words = line.replace(/#.*/, '').trim().split(/\s+/)
    const number = words
      .slice(0, 2)
      .map(Number)
      .find(value => !Number.isNaN(value))
    if (number !== undefined && wanted !== '' && words.includes(wanted)) return number
  }
  return undefined
}

/** Asks ip(8); where there is none, nothing speaks against it. */
function isVrf(name: string): boolean {
  const { status, stdout } = spawnSync('ip', ['-o', 'link', 'show', 'type', 'vrf'], { encoding: 'utf8' })
  return status !== 0 || stdout.split('\n').some(line => line.split(': ')[1]?.split('@')[0] === name)
}
