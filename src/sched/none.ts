import type { Scheduler } from './scheduler.js'

/** `-s none`: the kernel keeps a service without a scheduler, and has no real server for anybody. */
export const none: Scheduler = { name: 'none', bind: () => ({ schedule: () => undefined }) }
