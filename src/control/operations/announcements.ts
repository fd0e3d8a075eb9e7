import type { announcements as shapes } from '../protocol/announcements.js'
import { Refused } from '../protocol/refusal.js'
import type { OperationsOf } from './operation.js'

/* A director's threads announce nothing: where the process does, it answers these before they come here. */

function nothingIsAnnounced(): never {
  throw new Refused('EOPNOTSUPP', 'the director announces nothing: it was started without --announce')
}

export const announcements = {
  announcements: { workers: 'first', run: nothingIsAnnounced },
  'drain-director': { workers: 'first', run: nothingIsAnnounced },
  'cancel-drain': { workers: 'first', run: nothingIsAnnounced },
} satisfies OperationsOf<keyof typeof shapes>
