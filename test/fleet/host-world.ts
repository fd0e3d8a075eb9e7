import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WriterWorld } from '../../src/fleet/write/writer.js'

/** A writer's world of real time. */
export function hostWorld(by: string): WriterWorld {
  return {
    now: () => performance.now(),
    wait: async ms => void (await sleep(ms)),
    newId: () => randomBytes(8).toString('hex'),
    random: Math.random,
    date: () => new Date().toISOString(),
    by,
    tell: () => {},
  }
}
