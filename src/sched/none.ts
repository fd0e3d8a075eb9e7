import type { Scheduler } from './scheduler.js'

/** `-s none`: the kernel keeps a service without a scheduler, and refuses every new connection to it. */
export const none: Scheduler = { name: 'none', bind: () => ({ schedule: () => undefined }) }
