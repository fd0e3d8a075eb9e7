import { established } from './established.js'
import { lookup } from './lookup.js'
import type { Group, Plan } from './measure.js'
import { newConnection } from './new-connection.js'
import { scheduling } from './schedulers.js'
import { services } from './services.js'

/** Everything that can be measured. Nothing is built yet. */
export function allGroups(plan: Plan): Group[] {
  return [established, scheduling, newConnection, lookup, services].flatMap(suite => suite(plan))
}
