import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { cpus, hostname } from 'node:os'
import { dirname, join } from 'node:path'
import type { Found, ScriptFound, Surroundings } from '../../../keepalived/config/surroundings.js'

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
    routingTable,
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

function routingTable(name: string): number | undefined {
  const wellKnown: Record<string, number> = { local: 255, main: 254, default: 253 }
  if (Object.hasOwn(wellKnown, name)) return wellKnown[name]
  for (const file of ['/etc/iproute2/rt_tables', '/usr/share/iproute2/rt_tables']) {
    const found = readPath(file)
    if (found.kind !== 'file') continue
    const line = found.text.split('\n').find(text => text.split(/\s+/)[1] === name)
    if (line !== undefined) return Number(line.split(/\s+/)[0])
  }
  return undefined
}
