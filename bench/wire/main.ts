/*
 * npm run bench:lab [-- --rounds N] [--only NAME,…] [--measure NAME,…] [--rate N] [--json FILE] [--markdown FILE] [--svg DIR]
 *
 *   client ────────── director ──────── rs1, nginx        a namespace each, new for every turn: topology.ts
 *   wrk, ab, curl     the kernel, HAProxy, uvs, …
 *
 * The same load through each runner in turn, round by round, so that other activity on the host affects all alike.
 */
import { collectOnlyWhenAsked } from '../../src/plane/engine.js'
import { benchLab } from './bench-lab.js'
import { measures } from './measures.js'
import { benchHelp, parseBench } from './options.js'
import { runners } from './runners.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { which } from '../../netns-lab/tools.js'
import { untilStopped } from '../../netns-lab/until-stopped.js'

const print = (line: string): void => void process.stdout.write(`${line}\n`)

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  let status = 2 // of a wrong command line
  const names = [runners.map(({ name }) => name), measures.map(({ name }) => name)] as const
  if (args.some(arg => arg === '--help' || arg === '-h')) {
    process.stdout.write(benchHelp(...names))
    return 0
  }
  collectOnlyWhenAsked() // so that the collector does not run during a measurement
  try {
    const options = parseBench(args, ...names)
    status = 1
    const why = (await whyNoNamespaces()) ?? (which('nginx') ? undefined : 'nginx is not installed')
    if (why) throw new Error(why)
    const prefix = process.env['UVS_LAB_PREFIX'] ?? 'uvs-bench-'
    return await untilStopped(signal => benchLab({ ...options, prefix, print, signal }))
  } catch (error) {
    process.stderr.write(`bench:lab: ${(error as Error).message}\n`)
    return status
  }
}
