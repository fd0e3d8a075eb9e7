import { useMemo } from 'preact/hooks'
import type { Linted } from '../../../control/dashboard/rules-work.ts'
import { servicePath } from '../pure/service-name.ts'
import { lintAll } from './api.ts'
import { usePolled } from './use.ts'

/** The director looks again as often as that costs little. */
const EVERY_MS = 10_000

/** What lint says of all services; undefined: not known yet. */
export function useLint(): Linted | undefined {
  return usePolled(lintAll, [], EVERY_MS).value
}

export interface Hazards {
  /** By the service's path. */
  of: ReadonlyMap<string, number>
  /** Services with hazards; more than `of` names where there are very many. */
  services: number
}

export function useHazards(): Hazards {
  const linted = useLint()
  return useMemo(
    () => ({
      of: new Map(linted?.services.map(({ service, hazards }) => [servicePath(service), hazards])),
      services: linted?.withHazards ?? 0,
    }),
    [linted],
  )
}
