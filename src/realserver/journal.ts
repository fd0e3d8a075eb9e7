import { addressesOf, type Host, ip, link } from './host.js'

/** Something that was done to the host, and all that is needed to undo it. */
export type Change =
  | { what: 'sysctl'; name: string; before: string }
  /** `vip`: whose it is; it goes with that VIP, all else with the last one. */
  | { what: 'address'; device: string; vip: string }
  | { what: 'up'; device: string }
  | { what: 'device'; device: string }
  | { what: 'module'; module: string }

/** What was done to the host, in order. Each change is written down before it is made: so `undo` also fits one that was not. */
export class Journal {
  constructor(
    readonly host: Host,
    readonly changes: Change[],
    /** Writes all of it where the next process finds it. */
    readonly save: () => void,
  ) {}

  /** Sets it, unless `fits` its value as it is. */
  sysctl(name: string, value: string, fits: (now: string) => boolean): void {
    const before = this.host.sysctl(name)
    if (before === undefined) throw new Error(`there is no sysctl ${name.replaceAll('/', '.')}`)
    if (fits(before)) return
    const known = this.changes.some(change => change.what === 'sysctl' && change.name === name)
    if (!known) this.#note({ what: 'sysctl', name, before })
    this.host.setSysctl(name, value)
  }

  /** Adds VIP/32 to the device, of scope host. It must not be there. */
  address(device: string, vip: string): void {
    const known = this.changes.some(it => it.what === 'address' && it.device === device && it.vip === vip)
    if (!known) this.#note({ what: 'address', device, vip })
    ip(this.host, 'addr', 'add', `${vip}/32`, 'dev', device, 'scope', 'host')
  }

  up(device: string): void {
    const known = this.changes.some(change => change.what === 'up' && change.device === device)
    if (!known) this.#note({ what: 'up', device })
    ip(this.host, 'link', 'set', 'dev', device, 'up')
  }

  /** Something that `make` makes. Noted only while it is there. */
  made(change: Change, make: () => boolean): boolean {
    this.#note(change)
    if (make()) return true
    this.changes.pop()
    this.save()
    return false
  }

  /** Undoes, last first, the changes that `which` picks, and forgets them. Answers a line for each that could not be undone. */
  undo(which: (change: Change, index: number) => boolean): string[] {
    const complaints: string[] = []
    for (let i = this.changes.length - 1; i >= 0; i--) {
      const change = this.changes[i]!
      if (!which(change, i)) continue
      const complaint = undoChange(this.host, change)
      if (complaint !== undefined) complaints.push(complaint)
      this.changes.splice(i, 1)
      this.save()
    }
    return complaints
  }

  #note(change: Change): void {
    this.changes.push(change)
    this.save()
  }
}

/** What is not there any more needs no undoing. */
function undoChange(host: Host, change: Change): string | undefined {
  try {
    switch (change.what) {
      case 'sysctl':
        if (host.sysctl(change.name) !== undefined) host.setSysctl(change.name, change.before)
        break
      case 'address':
        if (addressesOf(host, change.device).includes(`${change.vip}/32`))
          ip(host, 'addr', 'del', `${change.vip}/32`, 'dev', change.device)
        break
      case 'up':
        if (link(host, change.device)) ip(host, 'link', 'set', 'dev', change.device, 'down')
        break
      case 'device':
        if (link(host, change.device)) ip(host, 'link', 'del', 'dev', change.device)
        break
      case 'module':
        host.run('modprobe', ['-r', change.module]) // stays if another namespace uses it
    }
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
