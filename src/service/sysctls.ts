/** An unknown sysctl or a value that it refuses. The message is one line that says what is allowed. */
export class SysctlError extends Error {
  override readonly name = 'SysctlError'
}

type Check = 'int' | 'seconds' | 'unsigned' | 'defence' | 'bit' | 'port-count' | 'retries' | 'threshold'

interface Definition {
  readonly fallback: string
  readonly check: Check
}

/** net.ipv4.vs of Linux 6.1, in the order of `sysctl -a`: names, defaults, ranges (ipvs-behaviour.md §12). */
const definitions: Record<string, Definition> = {
  am_droprate: { fallback: '10', check: 'int' },
  amemthresh: { fallback: '1024', check: 'int' },
  backup_only: { fallback: '0', check: 'int' },
  cache_bypass: { fallback: '0', check: 'int' },
  conn_reuse_mode: { fallback: '1', check: 'int' },
  conntrack: { fallback: '0', check: 'int' },
  debug_level: { fallback: '0', check: 'int' },
  drop_entry: { fallback: '0', check: 'defence' },
  drop_packet: { fallback: '0', check: 'defence' },
  expire_nodest_conn: { fallback: '0', check: 'int' },
  expire_quiescent_template: { fallback: '0', check: 'int' },
  ignore_tunneled: { fallback: '0', check: 'int' },
  lblc_expiration: { fallback: '86400', check: 'seconds' },
  lblcr_expiration: { fallback: '86400', check: 'seconds' },
  nat_icmp_send: { fallback: '0', check: 'int' },
  pmtu_disc: { fallback: '1', check: 'int' },
  run_estimation: { fallback: '1', check: 'int' },
  schedule_icmp: { fallback: '0', check: 'int' },
  secure_tcp: { fallback: '0', check: 'defence' },
  sloppy_sctp: { fallback: '0', check: 'int' },
  sloppy_tcp: { fallback: '0', check: 'int' },
  snat_reroute: { fallback: '1', check: 'int' },
  sync_persist_mode: { fallback: '0', check: 'int' },
  sync_ports: { fallback: '1', check: 'port-count' },
  sync_qlen_max: { fallback: '0', check: 'unsigned' },
  sync_refresh_period: { fallback: '0', check: 'seconds' },
  sync_retries: { fallback: '0', check: 'retries' },
  sync_sock_size: { fallback: '0', check: 'int' },
  sync_threshold: { fallback: '3\t50', check: 'threshold' },
  sync_version: { fallback: '1', check: 'bit' },
}

export const sysctlNames: readonly string[] = Object.keys(definitions)

export type SysctlName = keyof typeof definitions

/**
 * The sysctls of net.ipv4.vs. All are kept as text, as sysctl shows them; those that the path reads are plain numbers too.
 * Some have no meaning in user space: they are kept without effect.
 */
export class Sysctls {
  readonly #defaults: readonly (readonly [name: string, value: string])[]
  readonly #texts: Map<string, string>
  amDroprate = 10
  amemthresh = 1024
  cacheBypass = 0
  connReuseMode = 1
  dropEntry = 0
  dropPacket = 0
  expireNodestConn = 0
  expireQuiescentTemplate = 0
  ignoreTunneled = 0
  lblcExpiration = 86_400
  lblcrExpiration = 86_400
  natIcmpSend = 0
  pmtuDisc = 1
  runEstimation = 1
  scheduleIcmp = 0
  secureTcp = 0
  sloppySctp = 0
  sloppyTcp = 0

  /** `others`: defaults that are not the kernel's. */
  constructor(others: Readonly<Record<string, string>> = {}) {
    this.#defaults = Object.entries(definitions).map(([name, { fallback }]) => [name, others[name] ?? fallback])
    this.#texts = new Map(this.#defaults)
    this.reset()
  }

  /** Name and value, in the order of `sysctl -a`. */
  all(): [string, string][] {
    return [...this.#texts]
  }
  get(name: string): string | undefined {
    return this.#texts.get(name)
  }
  /** Returns the value that it then reads as. SysctlError if there is no such name or the kernel would return EINVAL. */
  set(name: string, text: string): string {
    const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined
    if (!definition) throw new SysctlError(`there is no sysctl '${name}'`)
    const value = checked(name, text, definition.check, this.#texts.get(name)!)
    this.#texts.set(name, value)
    this.#load(name, Number(value))
    return value
  }
  /** For the defences, which change their own level between 1 and 2. */
  rewrite(name: 'drop_entry' | 'drop_packet' | 'secure_tcp', level: number): void {
    this.#texts.set(name, String(level))
    this.#load(name, level)
  }
  reset(): void {
    for (const [name, value] of this.#defaults) {
      this.#texts.set(name, value)
      this.#load(name, Number(value))
    }
  }

  #load(name: string, value: number): void {
    const field = name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
    if (field in this) (this as unknown as Record<string, number>)[field] = value
  }
}

/** The value as the kernel would keep it. Like the kernel, ignores what follows the number. */
function checked(name: string, text: string, check: Check, before: string): string {
  const numbers = text.trim().split(/\s+/).map(parseNumber)
  const refuse = (allowed: string): never => {
    throw new SysctlError(`${name}: '${text}' is not ${allowed}`)
  }
  if (check === 'threshold') {
    const [threshold = NaN, period = Number(before.split('\t')[1])] = numbers
    const isRight = threshold >= 0 && period >= 0 && (threshold < period || period === 0)
    if (!isRight) refuse('two whole numbers, the first below the second or the second 0')
    return `${threshold}\t${period}`
  }
  const [value = NaN] = numbers
  if (Number.isNaN(value)) refuse('a whole number')
  const [least, most, allowed] = ranges[check]
  if (value < least || value > most) refuse(allowed)
  if (check === 'port-count' && !Number.isInteger(Math.log2(value))) refuse(allowed)
  return String(value)
}

const INT_MAX = 2 ** 31 - 1
/** The kernel keeps these in jiffies, 100 a second in the recorded kernel. */
const SECONDS_MAX = Math.floor(INT_MAX / 100)

const ranges: Record<Exclude<Check, 'threshold'>, [least: number, most: number, allowed: string]> = {
  int: [-INT_MAX - 1, INT_MAX, 'a whole number of 32 bits'],
  seconds: [-INT_MAX - 1, SECONDS_MAX, `a whole number of seconds up to ${SECONDS_MAX}`],
  unsigned: [0, 2 ** 64, 'a whole number from 0'],
  defence: [0, 3, '0, 1, 2 or 3'],
  retries: [0, 3, '0, 1, 2 or 3'],
  bit: [0, 1, '0 or 1'],
  'port-count': [1, INT_MAX, 'a power of two from 1'],
}

/** Reads a number like the kernel: decimal, hexadecimal after 0x, octal after 0. NaN for anything else. */
function parseNumber(word: string): number {
  const match = /^([+-]?)(?:0x([0-9a-f]+)|(0[0-7]*)|([1-9]\d*))$/i.exec(word)
  if (!match) return NaN
  const [, sign, hex, octal, decimal] = match
  const value = hex !== undefined ? parseInt(hex, 16) : octal !== undefined ? parseInt(octal, 8) : Number(decimal)
  return sign === '-' ? -value || 0 : value
}
