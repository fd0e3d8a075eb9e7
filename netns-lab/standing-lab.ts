import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { type LabPlan, rules } from '../native-free/lab-plan.js'
import { DirectorProcess } from './director-process.js'
import { UsageError } from '../src/director/options.js'
import { LabDashboard } from './lab-dashboard.js'
import { Ledger, namespacesOf } from './ledger.js'
import { NetnsLab, type NetnsLabOptions } from './netns-lab.js'
import { uvsCommand, withOurs } from './tools.js'
import { realServerArguments } from './real-server.js'

type Print = (line: string) => void

/** `uvs lab up`: builds the lab with its director and rules, and leaves it standing. */
export async function labUp(options: NetnsLabOptions, print: Print): Promise<number> {
  const lab = await NetnsLab.build({ ...options, stays: true })
  return leaveStanding(lab, options.plan, rules(options.plan), print)
}

/** Starts the director of a lab that stays, gives it its rules, and says what to try. `plan`: of what needs `uvs realserver`. */
export async function leaveStanding(
  lab: NetnsLab,
  plan: LabPlan,
  lines: readonly string[][],
  print: Print,
  more: readonly string[] = [],
): Promise<number> {
  const { io, signal } = lab.options
  try {
    const realServer = realServerArguments(plan)?.join(' ')
    if (realServer) for (const { name } of plan.servers) print(`${name}$ uvs ${realServer}`)
    const dashboard = new LabDashboard(lab)
    const director = await lab.startDirector(...dashboard.options)
    const words = [...DirectorProcess.arguments(plan, io, director.control), ...dashboard.options]
    print(`director$ uvs ${words.join(' ')}`)
    for (const rule of lines) {
      const { status, err } = await director.admin(rule, signal)
      if (status !== 0) throw new Error(`uvsadm ${rule.join(' ')}: status ${status}: ${err.trim()}`)
      print(`director$ uvsadm ${rule.join(' ')}`)
    }
    const uvs = uvsCommand()
    print(`The lab is up. Try: ${uvs} lab exec client curl -s ${lab.url}`)
    for (const line of more) print(`               and: ${uvs} lab exec ${line}`)
    print(`              then: ${uvs} lab exec director uvsadm -Ln`)
    print(
      `      in a browser: ${await dashboard.open()}#login=${dashboard.token} (what stands behind # may change rules)`,
    )
    print(`     and at the end: ${uvs} lab down`)
    return 0
  } catch (error) {
    await lab.remove()
    throw error
  }
}

/**
 * `uvs lab exec`: runs a command in a namespace of a standing lab, on this terminal; uvsadm and uvs in it reach the lab's director.
 * Returns its exit status, as a shell does.
 */
export async function labExec(prefixes: readonly string[], space: string, command: readonly string[]): Promise<number> {
  const { name, prefix } = await spaceNamed(prefixes, space)
  const ledger = Ledger.find(prefix)
  const own = ledger?.controlIn(name.slice(prefix.length))
  const control = own !== undefined && existsSync(own) ? own : ledger?.control
  const env = control === undefined ? process.env : { ...process.env, UVS_CONTROL: control }
  const { status, signal, error } = spawnSync('ip', ['netns', 'exec', name, ...withOurs(command)], {
    stdio: 'inherit',
    env,
  })
  if (error) throw error
  return status ?? 128 + (signal ? constants.signals[signal] : 0)
}

interface Space {
  name: string
  /** Of its lab. */
  prefix: string
}

/** 'rs1' or 'uvs-dr-rs1' → 'uvs-dr-rs1' and 'uvs-dr-'. */
async function spaceNamed(prefixes: readonly string[], space: string): Promise<Space> {
  const labs = await Promise.all(prefixes.map(async prefix => ({ prefix, spaces: await namespacesOf(prefix) })))
  const known = labs.flatMap(({ prefix, spaces }) => spaces.map(name => ({ name, prefix })))
  if (known.length === 0) throw new Error('no lab is up: uvs lab up')
  const whole = known.find(({ name }) => name === space)
  if (whole) return whole
  const [found, ...others] = known.filter(({ name, prefix }) => name === prefix + space)
  if (others.length > 0) {
    throw new UsageError(
      `exec '${space}': several labs are up; it may be ${[found!, ...others].map(({ name }) => name).join(' or ')}`,
    )
  }
  if (found !== undefined) return found
  const short = known.map(({ name, prefix }) => name.slice(prefix.length))
  throw new UsageError(`exec '${space}': the lab's namespaces are ${[...new Set(short)].join(', ')}`)
}

/** `uvs lab down`: removes standing labs, and what dead owners have left of any. */
export async function labDown(prefixes: readonly string[], print: Print): Promise<number> {
  const removed = await Ledger.sweep()
  let status = 0
  for (const prefix of prefixes) {
    const ledger = Ledger.find(prefix)
    if (ledger?.ownerPid !== undefined) {
      print(`process ${ledger.ownerPid} is running the lab, and removes it at its end`)
      status = 1
    } else if (ledger) {
      await ledger.remove()
      removed.push(prefix)
    }
  }
  if (removed.length > 0) print(`removed ${removed.map(it => `${it}*`).join(', ')}`)
  else if (status === 0) print('no lab is up')
  return status
}
