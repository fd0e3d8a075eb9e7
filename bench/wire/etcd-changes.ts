/*
 * node dist/bench/wire/etcd-changes.js ROUNDS [SERVICES [RATE]]
 *
 * What do rules in etcd cost those who send packets? One lab of bench:lab, NAT, every packet by the director (--offload off), which has so many
 * services of five real servers from an etcd in its own namespace; 10 000 unless told. Each round has three seconds of load, by wrk and at
 * half its rate, with no change, with RATE changes a second (2) below another prefix, which cost etcd and their writer the same, and with
 * so many of the director's own; in an order that changes. Prints p99, its ratio to the same round's with no change, and the CPU time of the
 * data plane's thread, the main thread and etcd; besides, how long a start took, and how soon a change was in the director.
 */
import { median } from '../../netns-lab/median.js'
import { NetnsLab } from '../../netns-lab/netns-lab.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { which } from '../../netns-lab/tools.js'
import { untilStopped } from '../../netns-lab/until-stopped.js'
import { EtcdLab, type Place, PLACES } from './etcd-lab.js'
import { medianRatio } from './median-ratio.js'
import { benchPlan } from './topology.js'

const SINGLE_CHANGES = 15
const TITLES: Readonly<Record<Place, string>> = {
  none: 'no change',
  elsewhere: 'RATE changes a second below another prefix',
  own: "RATE changes a second of the director's services",
}

process.exitCode = await main(process.argv.slice(2))

async function main(words: string[]): Promise<number> {
  const [rounds = 0, services = 10_000, rate = 2] = words.map(Number)
  if (
    words.length < 1 ||
    words.length > 3 ||
    words.some(word => !/^[1-9]\d{0,4}$/.test(word)) ||
    services % 100 !== 0
  ) {
    process.stderr.write(`etcd-changes: the words are ROUNDS [SERVICES [RATE]], SERVICES in hundreds\n`)
    return 2
  }
  const missing = ['nginx', 'wrk', 'etcd'].find(tool => !which(tool))
  const why = (await whyNoNamespaces()) ?? (missing ? `${missing} is not installed` : undefined)
  if (why !== undefined) {
    process.stderr.write(`etcd-changes: ${why}\n`)
    return 1
  }
  return untilStopped(signal => measure(rounds, services, rate, signal))
}

async function measure(rounds: number, services: number, rate: number, signal: AbortSignal): Promise<number> {
  const prefix = `${process.env['UVS_LAB_PREFIX'] ?? 'uvs-'}etcd-changes-`
  const web = { quiet: true, workers: true }
  const lab = await NetnsLab.build({ prefix, plan: benchPlan('nat'), io: 'raw', signal, web })
  try {
    const etcd = await EtcdLab.start(lab, services)
    print(`${services} services of 5 real servers: the director is ready, with all of them, ${Math.round(etcd.startMs)} ms after its start`) // prettier-ignore
    const full = (): Promise<Load> => etcd.byWrk()
    const half = etcd.paced(Math.round((await full()).perSecond / 2))
    await inRounds('full load', full, etcd, rounds, rate)
    await inRounds('half load', half, etcd, rounds, rate)
    const soon: number[] = []
    for (let n = 0; n < SINGLE_CHANGES; n++) soon.push(await etcd.change((n * 997) % services))
    print(
      `a change is in the director ${span(soon, 0)} ms after its put began, with no load; ${SINGLE_CHANGES} changes`,
    )
    await etcd.end()
    return 0
  } finally {
    await lab.remove()
  }
}

type Load = Awaited<ReturnType<EtcdLab['byWrk']>>
type Seen = Awaited<ReturnType<EtcdLab['once']>>

async function inRounds(
  title: string,
  load: () => Promise<Load>,
  etcd: EtcdLab,
  rounds: number,
  rate: number,
): Promise<void> {
  const seen = new Map<Place, Seen[]>(PLACES.map(place => [place, []]))
  for (let round = 0; round < rounds; round++) {
    const from = round % PLACES.length
    const turn = [...PLACES.slice(from), ...PLACES.slice(0, from)]
    for (const place of round % 2 === 0 ? turn : turn.reverse())
      seen.get(place)!.push(await etcd.once(load, place, rate))
  }
  print(`${title}; p99 in ms: median [least–most], to no change's [95 %]; CPU in ms a second; ${rounds} rounds`)
  const quiet = seen.get('none')!
  for (const place of PLACES)
    print(`  ${line(quiet, seen.get(place)!)}  ${TITLES[place].replace('RATE', String(rate))}`)
}

function line(quiet: readonly Seen[], seen: readonly Seen[]): string {
  const ratio = (of: (each: Seen) => number): string => {
    const { ratio, least, most } = medianRatio(quiet.map(of), seen.map(of))
    return `${ratio.toFixed(3)} [${least.toFixed(2)}–${most.toFixed(2)}]`
  }
  const cpu = (of: (each: Seen) => number): string => median(seen.map(of)).toFixed(0)
  const cpus = `data plane ${cpu(each => each.planeMs)}, main thread ${cpu(each => each.mainMs)}, etcd ${cpu(each => each.etcdMs)}`
  const p99 = span(seen.map(each => each.p99 / 1000), 2) // prettier-ignore
  return `${p99}, ${ratio(each => each.p99)}; requests/s ${ratio(each => each.perSecond)}; ${cpus}`
}

function span(values: readonly number[], digits: number): string {
  const [middle, least, most] = [median([...values]), Math.min(...values), Math.max(...values)].map(it => it.toFixed(digits)) // prettier-ignore
  return `${middle} [${least}–${most}]`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
