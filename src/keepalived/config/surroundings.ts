/** What a path is. `missing` is also what is there and cannot be read as a configuration: `why`, in a few words. */
export type Found =
  | { readonly kind: 'file'; readonly text: string }
  | { readonly kind: 'directory' }
  | { readonly kind: 'missing'; readonly why?: string }

/** What a command is. `insecure`: others than root may write it or a directory above it. `inert`: a file that is not executable. */
export type ScriptFound = 'runs' | 'missing' | 'directory' | 'insecure' | 'inert'

/** Files of names for numbers: those of /etc/iproute2, and /etc/protocols. */
export type RoutingNames = 'rt_tables' | 'rt_scopes' | 'rt_protos' | 'rt_realms' | 'rt_dsfield' | 'group' | 'protocols'

/** What is outside of the text: handed in, so that reading a configuration is pure and a test decides what the host has. */
export interface Surroundings {
  /** The configuration id that `@ID` lines are compared with: `-i`, else the host's name up to its first dot. */
  readonly configId: string
  read(path: string): Found
  /** The names in a directory, sorted; empty if there is none. For `include` with wildcards. */
  list(directory: string): readonly string[]
  hasInterface(name: string): boolean
  /** lo, or its like. */
  isLoopback(name: string): boolean
  /** A network namespace by name. */
  hasNamespace(name: string): boolean
  hasUser(name: string): boolean
  hasGroup(name: string): boolean
  /** Whether a mail server's name has an address. */
  resolves(host: string): boolean
  script(command: string): ScriptFound
  /** The number of a name in one of these files. */
  routingNumber(names: RoutingNames, name: string): number | undefined
  /** Whether an interface that is there is a VRF. */
  isVrf(name: string): boolean
  /** How many processors there are. */
  readonly cpus: number
  /** 0 ≤ result < 1. */
  random(): number
}
