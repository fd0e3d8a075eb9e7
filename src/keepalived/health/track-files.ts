import { readFileSync, watch, type FSWatcher } from 'node:fs'
import { basename, dirname } from 'node:path'
import { numberOf } from '../checkers/file-check.js'

/** A track_file block: a name, and the file whose number counts. */
export interface TrackedFile {
  readonly name: string
  readonly path?: string
}

/** Follows the numbers of tracked files: told of at once when a file is written, replaced or deleted. */
export class TrackFiles {
  readonly #changed: (name: string, value: number) => void
  readonly #values = new Map<string, number>()
  #watchers: FSWatcher[] = []

  constructor(changed: (name: string, value: number) => void) {
    this.#changed = changed
  }

  /** The number that a file had last; 0 for a file that is not followed. */
  value(name: string): number {
    return this.#values.get(name) ?? 0
  }

  /** From now on these are followed, and no others. Nothing is told of what they are now. */
  follow(files: readonly TrackedFile[]): void {
    this.close()
    this.#values.clear()
    for (const { name, path } of files) {
      if (path === undefined) continue
      this.#values.set(name, valueIn(path))
      try {
        // The directory: a file that is replaced or deleted is watched on.
        const watcher = watch(dirname(path), (_event, changed) => {
          if (changed === null || changed === basename(path)) this.#look(name, path)
        })
        watcher.on('error', () => watcher.close())
        this.#watchers.push(watcher)
      } catch {
        // The directory does not exist: the number stays 0.
      }
    }
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close()
    this.#watchers = []
  }

  #look(name: string, path: string): void {
    const value = valueIn(path)
    if (value === this.#values.get(name)) return
    this.#values.set(name, value)
    this.#changed(name, value)
  }
}

/** The number that a file has now; 0 for one that cannot be read, or of no path. */
export function valueIn(path: string | undefined): number {
  if (path === undefined) return 0
  try {
    return numberOf(readFileSync(path, 'utf8'))
  } catch {
    return 0
  }
}
