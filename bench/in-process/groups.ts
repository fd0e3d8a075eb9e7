import { batchTimes } from './batch-times.js'
import { established } from './established.js'
import { life } from './life.js'
import { lookup } from './lookup.js'
import { memoryDevices } from './memory-devices.js'
import type { Group, Plan } from './measure.js'
import { newConnection } from './new-connection.js'
import { references } from './references.js'
import { scheduling } from './schedulers.js'
import { services } from './services.js'
import { workers } from './workers.js'

/** All groups of measures. Nothing is built yet. */
export function allGroups(plan: Plan): Group[] {
  const suites = [
    established,
    memoryDevices,
    batchTimes,
    newConnection,
    life,
    workers,
    scheduling,
    lookup,
    services,
    references,
  ]
  return suites.flatMap(suite => suite(plan))
}
