import { addressHazards } from './address-hazards.js'
import { announceHazards } from './announce-hazards.js'
import { fleetHazards } from './fleet-hazards.js'
import { fullnatHazards } from './fullnat-hazards.js'
import { isServed, type Finding, type Hazard, type RuleSet } from './hazard.js'
import { methodHazards } from './method-hazards.js'
import { notServedHazards } from './not-served-hazards.js'
import { persistenceHazards } from './persistence-hazards.js'
import { LINE_HAZARDS } from './read-rule-set.js'
import { serviceHazards } from './service-hazards.js'
import { thresholdHazards } from './threshold-hazards.js'
import { vipHazards } from './vip-hazards.js'
import { weightHazards } from './weight-hazards.js'

/** Hazards of services that are served. A new hazard goes into one of these lists, and into docs/lint.md. */
const HAZARDS: readonly Hazard[] = [
  ...weightHazards,
  ...thresholdHazards,
  ...persistenceHazards,
  ...addressHazards,
  ...vipHazards,
  ...serviceHazards,
  ...methodHazards,
  ...fullnatHazards,
  ...fleetHazards,
  ...announceHazards,
]
const ALL_HAZARDS = [...notServedHazards, ...HAZARDS]

/** Every name of a finding. */
export const HAZARD_NAMES: readonly string[] = [
  ...new Set([...LINE_HAZARDS, ...ALL_HAZARDS.map(({ name }) => name)]),
].toSorted()

/** Finds the hazards of the rules as a whole. */
export function findHazards(rules: RuleSet): Finding[] {
  return [...findingsByHazard(rules)].flat()
}

/** The same, a list for each hazard: of many services each takes a while. */
export function* findingsByHazard(rules: RuleSet): Generator<Finding[], void> {
  const served = { ...rules, services: rules.services.filter(isServed) }
  for (const hazard of ALL_HAZARDS) {
    const severity: Finding['severity'] = hazard.severity ?? 'hazard'
    yield [...hazard.find(HAZARDS.includes(hazard) ? served : rules)].map((found): Finding => ({
      severity,
      ...found,
      hazard: hazard.name,
    }))
  }
}
