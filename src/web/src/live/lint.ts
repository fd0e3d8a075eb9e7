import { useMemo } from 'preact/hooks'
import type { Linted } from '../../../control/dashboard/rules-work.ts'
import { servicePath } from '../pure/service-name.ts'
import { lintAll } from './api.ts'
import { usePolled } from './use.ts'

/** The director looks again as often as that costs little. */
const EVERY_MS = 30_000

/** What lint says of all services; undefined: not known yet. */
export function useLint(): Linted | undefined {
  return usePolled(lintAll, [], EVERY_MS).value
}

/** Hazards by the service's path. */
export function useHazards(): ReadonlyMap<string, number> {
  const linted = useLint()
  return useMemo(
    () => new Map(linted?.services.map(({ service, hazards }) => [servicePath(service), hazards])),
    [linted],
  )
}
