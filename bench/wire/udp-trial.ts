/*
 * node dist/bench/wire/udp-trial.js [ROUNDS [RUNNER…]]
 *
 * Prints every step of the search for UDP frames a second without loss, for tuning the path; runners of bench:lab in turn,
 * by default no-balancer nftables uvs-raw-nat.
 */
import { median } from '../../netns-lab/median.js'
import { EFFORT, type Measure } from './measures.js'
import type { Runner } from './runner.js'
import { runners } from './runners.js'
import { takeTurn } from './turn.js'
import { highestRate, type Try } from './rate-search.js'
import { UdpLoad, warmUp } from './udp-rate.js'
import { untilStopped } from '../../netns-lab/until-stopped.js'

const say = (line: string): void => void process.stdout.write(`${line}\n`)

function traced(run: Try): Try {
  return async (perSecond, seconds) => {
    const trial = await run(perSecond, seconds)
    const asked = perSecond === 0 ? 'as fast as it goes' : `${Math.round(perSecond)}/s`
    say(`  ${asked}, ${seconds} s: ${Math.round(trial.sent / trial.seconds)}/s, lost ${trial.lost} of ${trial.sent}`)
    return trial
  }
}

const measure: Measure = {
  name: 'udp',
  async run({ lab, address }) {
    const load = await UdpLoad.through(lab, address)
    try {
      await warmUp(load)
      return { udp: await highestRate(traced(load.run)) }
    } finally {
      await load.end()
    }
  },
}

const USUAL = ['no-balancer', 'nftables', 'uvs-raw-nat']
const HELP = `usage: node dist/bench/wire/udp-trial.js [ROUNDS [RUNNER…]]
Every step of the search for UDP frames a second without loss, in network namespaces; as root.
  ROUNDS    1 to 99; 3 unless told
  RUNNER    of ${runners.map(({ name }) => name).join(', ')}; ${USUAL.join(' ')} unless told
`

/** Reads the command line; ends the process after --help or an error. */
function readArguments([rounds = '3', ...names]: string[]): { rounds: number; taking: Runner[] } {
  if ([rounds, ...names].some(arg => arg === '--help' || arg === '-h')) {
    process.stdout.write(HELP)
    process.exit(0)
  }
  if (!/^[1-9]\d?$/.test(rounds)) refuse(`ROUNDS '${rounds}' is not one of 1 to 99`)
  const strange = names.find(name => !runners.some(runner => runner.name === name))
  if (strange !== undefined) refuse(`RUNNER '${strange}' is not one of ${runners.map(({ name }) => name).join(', ')}`)
  const wanted = names.length > 0 ? names : USUAL
  return { rounds: Number(rounds), taking: wanted.flatMap(name => runners.find(runner => runner.name === name) ?? []) }
}

function refuse(problem: string): never {
  process.stderr.write(`udp-trial: ${problem}\n`)
  process.exit(2)
}

const { rounds, taking } = readArguments(process.argv.slice(2))
process.exitCode = await untilStopped(async signal => {
  const rates = new Map<Runner, number[]>(taking.map(runner => [runner, []]))
  const prefix = `${process.env['UVS_LAB_PREFIX'] ?? 'uvs-'}udp-`
  for (let round = 0; round < rounds; round++) {
    for (const runner of taking) {
      say(runner.title)
      const { figures, failures } = await takeTurn(runner, [measure], {
        prefix,
        effort: EFFORT,
        half: {},
        services: 2,
        signal,
      })
      for (const failure of failures) say(`  ${failure}`)
      if (figures.udp !== undefined) rates.get(runner)!.push(Math.round(figures.udp))
    }
  }
  for (const [{ title }, found] of rates) {
    if (found.length > 0) say(`${title}: ${Math.round(median(found))} frames/s without loss, of ${found.join(' ')}`)
  }
  return 0
})
