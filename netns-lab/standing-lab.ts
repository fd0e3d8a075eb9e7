import { spawnSync } from 'node:child_process'
import { constants } from 'node:os'
import { rules } from '../native-free/lab-plan.js'
import { DirectorProcess } from './director-process.js'
import { UsageError } from '../src/director/options.js'
import { Ledger, namespacesOf } from './ledger.js'
import { NetnsLab, type NetnsLabOptions } from './netns-lab.js'
import { realServerArguments } from './real-server.js'

type Print = (line: string) => void

/** `uvs lab up`: builds the lab with its director and rules, and leaves it standing. */
export async function labUp(options: NetnsLabOptions, print: Print): Promise<number> {
  const lab = await NetnsLab.build({ ...options, stays: true })
  try {
    const realServer = realServerArguments(options.plan)?.join(' ')
    if (realServer) for (const { name } of options.plan.servers) print(`${name}$ uvs ${realServer}`)
    const director = await lab.startDirector()
    print(`director$ uvs ${DirectorProcess.arguments(options.plan, options.io, director.control).join(' ')}`)
    for (const rule of rules(options.plan)) {
      const { status, err } = await director.admin(rule, options.signal)
      if (status !== 0) throw new Error(`uvsadm ${rule.join(' ')}: status ${status}: ${err.trim()}`)
      print(`director$ uvsadm ${rule.join(' ')}`)
    }
    print(`The lab is up. Try: uvs lab exec client curl -s ${lab.url}`)
    print(`              then: uvsadm -Ln --control ${director.control}`)
    print('     and at the end: uvs lab down')
    return 0
  } catch (error) {
    await lab.remove()
    throw error
  }
}

/** `uvs lab exec`: runs a command in a namespace of a lab that is up, on this terminal. Answers its exit status, as a shell does. */
export async function labExec(prefixes: readonly string[], space: string, command: readonly string[]): Promise<number> {
  const name = await spaceNamed(prefixes, space)
  const { status, signal, error } = spawnSync('ip', ['netns', 'exec', name, ...command], { stdio: 'inherit' })
  if (error) throw error
  return status ?? 128 + (signal ? constants.signals[signal] : 0)
}

/** 'rs1' or 'uvs-dr-rs1' → 'uvs-dr-rs1'. */
async function spaceNamed(prefixes: readonly string[], space: string): Promise<string> {
  const labs = await Promise.all(prefixes.map(async prefix => ({ prefix, spaces: await namespacesOf(prefix) })))
  const known = labs.flatMap(({ spaces }) => spaces)
  if (known.length === 0) throw new Error('no lab is up: uvs lab up')
  if (known.includes(space)) return space
  const [found, ...others] = prefixes.map(prefix => prefix + space).filter(name => known.includes(name))
  if (others.length > 0) {
    throw new UsageError(`exec '${space}': several labs are up; it may be ${[found, ...others].join(' or ')}`)
  }
  if (found !== undefined) return found
  const short = labs.flatMap(({ prefix, spaces }) => spaces.map(name => name.slice(prefix.length)))
  throw new UsageError(`exec '${space}': the lab's namespaces are ${[...new Set(short)].join(', ')}`)
}

/** `uvs lab down`: removes the labs that stand, and what dead owners have left of any. */
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
