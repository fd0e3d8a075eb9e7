import { readFileSync } from 'node:fs'
import { constants, release } from 'node:os'
import { SystemError } from '../linux/libc.js'

/** linux/capability.h. */
const Capability = { NET_ADMIN: 12, SYS_ADMIN: 21, BPF: 39 } as const
/** /proc/PID/status, Seccomp: a filter decides. */
const SECCOMP_FILTER = 2

/** Of this thread: what may forbid it bpf(2). */
export interface Circumstances {
  /** /proc/PID/status. */
  readonly status: string
  /** /proc/PID/uid_map. */
  readonly uidMap: string
  /** As uname(2) has it. */
  readonly release: string
}

/**
 * A front cannot hang on an interface: one line that names the capability or the kernel that is missing, and what can be done
 * instead.
 */
export class FrontRefused extends SystemError {
  constructor(name: string, error: SystemError) {
    super(name, constants.errno[error.code as keyof typeof constants.errno])
    const missing = whatIsMissing(error, circumstances())
    this.message = `${name} cannot be shared with the kernel: ${missing}; give uvs an interface of its own, with --address`
  }
}

/** Why no eBPF map or program may be made: what is missing where bpf(2) is forbidden, else the system's own word. */
export function whyNoBpf(error: SystemError): string {
  const isForbidden = error.code === 'EPERM' || error.code === 'EACCES' || error.code === 'ENOSYS'
  return isForbidden ? whatIsMissing(error, circumstances()) : error.message
}

/** Why a program cannot hang on an interface: what is missing. */
export function whyNotAttached(error: SystemError): string {
  return whatIsMissing(error, circumstances())
}

/** What is missing where a step of making, loading or attaching a program has failed. */
export function whatIsMissing({ code, message }: SystemError, { status, uidMap, release }: Circumstances): string {
  if (code === 'ENOSYS') return 'the kernel has no bpf(2), or a seccomp filter hides it'
  if (code === 'ENOENT' || code === 'EINVAL' || code === 'EOPNOTSUPP')
    return `neither tcx (Linux 6.6) nor clsact with cls_bpf is in this kernel, ${release} (${message})`
  if (code !== 'EPERM' && code !== 'EACCES') return message
  const capabilities = missingCapabilities(BigInt(`0x${field(status, 'CapEff') ?? 0}`), release)
  if (capabilities.length === 1) return `${capabilities[0]} is missing`
  if (capabilities.length > 1) return `${capabilities.join(' and ')} are missing`
  if (Number(field(status, 'Seccomp')) === SECCOMP_FILTER) return 'a seccomp filter forbids bpf(2)'
  if (code === 'EACCES') return `this kernel, ${release}, refuses its programs (EACCES)`
  if (!/^\s*0\s+0\s+4294967295\s*$/.test(uidMap)) return 'capabilities of a user namespace do not count for bpf(2)'
  return 'the kernel forbids bpf(2): by lockdown, a security module, or before Linux 5.11 a low limit of locked memory'
}

/** SCHED_CLS programs need CAP_NET_ADMIN, and CAP_BPF or, as before Linux 5.8, CAP_SYS_ADMIN (capabilities(7)). */
function missingCapabilities(effective: bigint, release: string): string[] {
  const has = (capability: number): boolean => ((effective >> BigInt(capability)) & 1n) === 1n
  const [major = 0, minor = 0] = release.split('.').map(Number)
  const needed = major * 100 + minor < 508 ? 'CAP_SYS_ADMIN' : 'CAP_BPF'
  const missing: string[] = []
  if (!has(Capability.SYS_ADMIN) && !(needed === 'CAP_BPF' && has(Capability.BPF))) missing.push(needed)
  if (!has(Capability.NET_ADMIN)) missing.push('CAP_NET_ADMIN')
  return missing
}

function field(status: string, name: string): string | undefined {
  return new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1]
}

function circumstances(): Circumstances {
  return { status: ofThread('status'), uidMap: ofThread('uid_map'), release: release() }
}
function ofThread(name: string): string {
  return readFileSync(`/proc/thread-self/${name}`, 'utf8')
}
