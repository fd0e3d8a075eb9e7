import type { Director } from '../../director/director.js'
import type { Device } from '../../packet/device.js'
import type { figures as shapes } from '../protocol/figures.js'
import { totalsInfo } from './counted.js'
import { directorFigures, serviceFiguresPage, verdictsByName } from './director-figures.js'
import { mergeFigures, mergeServiceFigures, mergeServiceSums, mergeTotals, mergeVerdicts } from './merge.js'
import type { OperationsOf } from './operation.js'
import { summingUp } from './service-sums.js'

export const figures = {
  totals: {
    merge: mergeTotals,
    run: director => totalsInfo(director),
  },
  verdicts: {
    merge: mergeVerdicts,
    run: (director, _request, { devices = [] }) => verdicts(director, devices),
  },
  figures: {
    merge: mergeFigures,
    run: (director, _request, around) => directorFigures(director, around),
  },
  'service-figures': {
    merge: mergeServiceFigures,
    run: (director, { from }) => serviceFiguresPage(director, from),
  },
  'service-sums': {
    merge: mergeServiceSums,
    steps: director => summingUp(director),
  },
} satisfies OperationsOf<keyof typeof shapes>

/** Counts of verdicts by name, frames that a program lost, and frames that devices lost before or after a verdict. */
export function verdicts(director: Director, devices: readonly Device[]): Record<string, number> {
  const byName = verdictsByName(director)
  for (const device of devices) byName[`drop-device-${device.name}`] = device.dropped
  return byName
}
