import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { reasonOf } from '../linux/error-text.js'

/** How a program ended; `status` is null if it could not be started. */
export interface Ran {
  status: number | null
  out: string
  err: string
}

/** The host, as far as a real server changes it. */
export interface Host {
  run(program: string, args: readonly string[]): Ran
  /** The value of `net/ipv4/…`; undefined if there is none. */
  sysctl(name: string): string | undefined
  setSysctl(name: string, value: string): void
  /** Ethernet interfaces that are up and have an IPv4 address. */
  interfaces(): string[]
  /** Takes off interfaces what a decapsulator has left there that was killed. */
  clearIngress(interfaces: readonly string[]): Promise<void>
}

const LIMIT_MS = 10_000

/** The host that we run on, in our network namespace. */
export const thisHost: Host = {
  run(program, args) {
    const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', timeout: LIMIT_MS })
    return { status: error ? null : status, out: stdout ?? '', err: error ? whyNotRun(error) : stderr }
  },
  sysctl(name) {
    try {
      return readFileSync(`/proc/sys/${name}`, 'utf8').trim()
    } catch {
      return undefined
    }
  },
  setSysctl(name, value) {
    try {
      writeFileSync(`/proc/sys/${name}`, value)
    } catch (error) {
      throw new Error(`sysctl ${name.replaceAll('/', '.')}=${value}: ${reasonOf(error)}`, {
        cause: error,
      })
    }
  },
  interfaces() {
    return Object.entries(networkInterfaces()).flatMap(([name, held]) => {
      const isEthernet = held?.some(
        ({ family, internal, mac }) => family === 'IPv4' && !internal && /[1-9a-f]/.test(mac),
      )
      return isEthernet ? [name] : []
    })
  },
  async clearIngress(interfaces) {
    const native = await import('./leftovers.js').catch(() => undefined) // else no decapsulator has ever run here
    native?.clearIngress(interfaces)
  },
}

function whyNotRun(error: NodeJS.ErrnoException): string {
  if (error.code === 'ETIMEDOUT') return `it has not ended in ${LIMIT_MS / 1000} s`
  return error.code === 'ENOENT' ? 'it is not installed' : reasonOf(error)
}

/** Runs `ip ARGS`, which must succeed. Returns its output. */
export function ip(host: Host, ...args: string[]): string {
  const { status, out, err } = host.run('ip', args)
  if (status === 0) return out
  throw new Error(`ip ${args.join(' ')}: ${err.trim().split('\n').at(-1) || `status ${status}`}`)
}

/** The interface's line of `ip link`; undefined if there is no such interface. */
export function link(host: Host, device: string): string | undefined {
  const { status, out } = host.run('ip', ['-o', 'link', 'show', 'dev', device])
  return status === 0 ? out : undefined
}

export function isUp(line: string): boolean {
  return /<([^>]*,)?UP[,>]/.test(line)
}

/** The interface's IPv4 addresses, with their prefixes; none if there is no such interface. */
export function addressesOf(host: Host, device: string): string[] {
  const { out } = host.run('ip', ['-4', '-o', 'addr', 'show', 'dev', device])
  return out.split('\n').flatMap(line => line.split(/\s+/)[3] ?? [])
}

/** The interfaces that hold the IPv4 address, whatever the prefix. */
export function holders(host: Host, address: string): string[] {
  const lines = ip(host, '-4', '-o', 'addr', 'show').split('\n')
  return lines.flatMap(line => {
    const [, device, , cidr] = line.split(/\s+/)
    return device !== undefined && cidr?.split('/')[0] === address ? [device] : []
  })
}
