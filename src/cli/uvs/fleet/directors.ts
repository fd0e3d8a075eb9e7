import { printable } from '../../../control/protocol/printable.js'
import { KeyError } from '../../../fleet/key-error.js'
import { decodeState, type DirectorState } from '../../../fleet/publish/director-state.js'
import { DIRECTORS, type FleetStore } from '../../../fleet/write/fleet-store.js'
import { keyShown } from '../../../fleet/write/raced.js'

/** A director that has published itself. */
export interface PublishedDirector {
  readonly name: string
  /** Undefined: what it published is none, and `why` says so. */
  readonly state: DirectorState | undefined
  readonly why?: string
}

/** Those whose lease has not ended, by name. */
export async function publishedDirectors(store: FleetStore): Promise<PublishedDirector[]> {
  const keys = await store.list(DIRECTORS)
  return keys.map(({ key, value }) => {
    const name = keyShown(key.slice(DIRECTORS.length))
    try {
      return { name, state: decodeState(key, value) }
    } catch (error) {
      if (!(error instanceof KeyError)) throw error
      return { name, state: undefined, why: printable(error.message.slice(key.length + 2)) }
    }
  })
}
