const SERVICE_NAME = /^[\w.:@+[\]-][\w.:@+[\]/-]{0,127}$/
const DIRECTOR_NAME = /^[\w.:@+-]{1,128}$/
export const SERVICE_NAME_HELP = '1 to 128 of A-Z a-z 0-9 _ . : @ + - [ ] /'
export const DIRECTOR_NAME_HELP = '1 to 128 of A-Z a-z 0-9 _ . : @ + -'

export function isServiceName(name: string): boolean {
  return SERVICE_NAME.test(name)
}
export function isDirectorName(name: string): boolean {
  return DIRECTOR_NAME.test(name)
}

/** The keys of a fleet: docs/fleet.md has their table. */
export class FleetKeys {
  /** Without a slash at its end. */
  readonly prefix: string
  /** All keys of the fleet begin so. */
  readonly all: string
  /** All keys of services begin so; likewise below. */
  readonly services: string
  readonly directors: string
  readonly drainedDirectors: string
  /** Rules in the form of ipvsadm-save. */
  readonly rules: string
  /** What tells of the last write (write/write-note.ts), and whether it is whole. */
  readonly revision: string

  /** RangeError, in one line, for what is no prefix. */
  constructor(prefix: string) {
    if (!/^\/[!-~]*[!-.0-~]\/?$/.test(prefix))
      throw new RangeError(`'${prefix}' is no prefix of keys, such as /uvs/site1: a slash, then no blanks`)
    this.prefix = prefix.replace(/\/$/, '')
    this.all = `${this.prefix}/`
    this.services = `${this.all}services/`
    this.directors = `${this.all}directors/`
    this.drainedDirectors = `${this.all}drain/directors/`
    this.rules = `${this.all}rules`
    this.revision = `${this.all}revision`
  }

  service(name: string): string {
    return this.services + name
  }
  /** A director's state, which it puts there itself. */
  director(name: string): string {
    return this.directors + name
  }
  /** There: the director of that name is to be drained. */
  drainedDirector(name: string): string {
    return this.drainedDirectors + name
  }

  /** The key says what the director's rules are to be, or that they are not to be used yet. */
  isOfRules(key: string): boolean {
    return key.startsWith(this.services) || key === this.rules || key === this.revision
  }
}
