import { messageOf } from '../linux/error-text.js'
import { addressesOf, type Host, ip, link } from './host.js'

/** A change made to the host, with everything needed to undo it. */
export type Change =
  | { what: 'sysctl'; name: string; before: string }
  /** `vip`: the change is undone with that VIP; all other changes are undone with the last VIP. */
  | { what: 'address'; device: string; vip: string }
  | { what: 'up'; device: string }
  | { what: 'device'; device: string }
  | { what: 'module'; module: string }

/** The changes made to the host, in order. Each is noted before it is made, so `undo` also accepts one that was never made. */
export class Journal {
  constructor(
    readonly host: Host,
    readonly changes: Change[],
    /** Saves all changes where the next process finds them. */
    readonly save: () => void,
  ) {}

  /** Sets the sysctl, unless its value already `fits`. */
  sysctl(name: string, value: string, fits: (now: string) => boolean): void {
    const before = this.host.sysctl(name)
    if (before === undefined) throw new Error(`there is no sysctl ${name.replaceAll('/', '.')}`)
    if (fits(before)) return
    const known = this.changes.some(change => change.what === 'sysctl' && change.name === name)
    if (!known) this.#note({ what: 'sysctl', name, before })
    this.host.setSysctl(name, value)
  }

  /** Adds VIP/32 to the device with scope host. It must not be there yet. */
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

  /** Makes something by `make`. The note stays only if `make` returns true. */
  made(change: Change, make: () => boolean): boolean {
    this.#note(change)
    if (make()) return true
    this.changes.pop()
    this.save()
    return false
  }

  /** Undoes the changes for which `which` holds, last first, and forgets them. Returns a line for each that could not be undone. */
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

/** Undoes one change. A thing that is gone needs no undoing. */
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
    return messageOf(error)
  }
}
