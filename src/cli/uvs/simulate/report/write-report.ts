import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { SimulationResult } from '../../../../../native-free/simulate/result.js'
import type { Option } from '../../../option.js'
import { writeWhole } from '../write-whole.js'
import { reportPage, type ChartLibrary } from './page.js'

export const HTML: Option = {
  flags: ['--html'],
  value: 'FILE',
  is: 'file',
  help: 'a report with charts, in one file that needs no network',
}

/** Writes the report. UsageError if the file cannot be written. */
export function writeReport(file: string, result: SimulationResult): void {
  writeWhole('--html', file, reportPage(result, chartLibrary()))
}

/** uPlot, as it is installed. Without its first comment, which names a place on the network: the license is written in its stead. */
export function chartLibrary(): ChartLibrary {
  const folder = dirname(createRequire(import.meta.url).resolve('uplot/package.json'))
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  return {
    program: read('dist/uPlot.iife.min.js').replace(/^\/\*![^*]*\*\/\s*/, ''),
    style: read('dist/uPlot.min.css'),
    license: read('LICENSE'),
  }
}
