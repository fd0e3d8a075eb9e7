/*
 * npm run bench:checksum [-- --rounds N --json FILE]: nanoseconds a sum of 20 to 65 535 octets, for every method available in
 * JavaScript, at 16 alignments, against the kernel's; and the checksum updates on the packet's path. All interleaved.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { hardware } from '../in-process/hardware.js'
import { ALIGNMENTS, SIZES, testData } from './data.js'
import { pathMeasures } from './path.js'
import { kernelRows, variantRows, type Row } from './rows.js'
import { median } from './timed.js'

const OPTIONS = 'the options are --rounds N (1 to 100) and --json FILE'
const HELP = `usage: npm run bench:checksum [-- OPTIONS]
Nanoseconds a checksum takes, in each way that JavaScript has, beside the kernel's own.
  --rounds N    1 to 100; 5 unless told
  --json FILE   the figures, for programs
`
const { rounds, json } = readOptions()

const data = testData()
const notes: string[] = []
const rows: Row[] = [...variantRows(data), ...kernelRows(data, notes)]
const path = pathMeasures()

/** Row → size → alignment → a figure for each round. */
const figures = rows.map(() => SIZES.map(() => ALIGNMENTS.map((): number[] => [])))
const pathFigures = path.map((): number[] => [])
for (let round = 0; round < rounds; round++) {
  for (const [size, len] of SIZES.entries())
    for (const at of ALIGNMENTS)
      for (const [row, { measure }] of rows.entries()) figures[row]![size]![at]!.push(measure(at, len))
  for (const [i, { measure }] of path.entries()) pathFigures[i]!.push(measure())
}

const { node, cpu, cpus, linux, commit } = hardware()
console.log(`Node ${node}, ${cpus} × ${cpu}, Linux ${linux}, commit ${commit}`)
console.log(`ns a sum: median of ${rounds} rounds and 16 alignments (the worst alignment's)\n`)
console.log(`| octets | ${SIZES.join(' | ')} |\n|---|${SIZES.map(() => '---:|').join('')}`)
const table = rows.map(({ name }, row) => ({
  name,
  sizes: SIZES.map((octets, size) => {
    const at = figures[row]![size]!.map(median)
    return { octets, median: median(at), best: Math.min(...at), worst: Math.max(...at), alignments: at }
  }),
}))
for (const { name, sizes } of table)
  console.log(`| ${name} | ${sizes.map(s => `${text(s.median)} (${text(s.worst)})`).join(' | ')} |`)
for (const note of notes) console.log(note)
console.log('\n| on the packet’s path | ns |\n|---|---:|')
const pathTable = path.map(({ name }, i) => ({ name, median: median(pathFigures[i]!) }))
for (const { name, median: ns } of pathTable) console.log(`| ${name} | ${text(ns)} |`)
if (json)
  writeFileSync(
    json,
    `${JSON.stringify({ machine: hardware(), rounds, sums: table, path: pathTable, notes }, null, 1)}\n`,
  )

function text(ns: number): string {
  return ns < 99.95 ? ns.toFixed(1) : ns.toFixed(0)
}

function readOptions(): { rounds: number; json: string | undefined } {
  if (process.argv.slice(2).some(arg => arg === '--help' || arg === '-h')) {
    process.stdout.write(HELP)
    process.exit(0)
  }
  try {
    const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' }, json: { type: 'string' } } })
    const count = Number(values.rounds)
    if (Number.isInteger(count) && count >= 1 && count <= 100) return { rounds: count, json: values.json }
    return refuse(`--rounds: '${values.rounds}' is not a number from 1 to 100`)
  } catch (error) {
    return refuse((error as Error).message.split(/\.\s/)[0]!)
  }
}

function refuse(problem: string): never {
  console.error(`bench:checksum: ${problem}: ${OPTIONS}`)
  process.exit(2)
}
