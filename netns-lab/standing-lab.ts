import { spawnSync } from 'node:child_process'
import { rules } from '../native-free/lab-plan.js'
import { DirectorProcess } from './director-process.js'
import { LabUsageError } from './lab-request.js'
import { Ledger, namespacesOf } from './ledger.js'
import { NetnsLab, type NetnsLabOptions } from './netns-lab.js'

type Print = (line: string) => void

/** `uvs lab up`: builds the lab with its director and rules, and leaves it standing. */
export async function labUp(options: NetnsLabOptions, print: Print): Promise<number> {
  const lab = await NetnsLab.build({ ...options, stays: true })
  try {
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

/** `uvs lab exec`: runs a command in one of the lab's namespaces, on this terminal. Answers its exit status. */
export async function labExec(prefix: string, space: string, command: readonly string[]): Promise<number> {
  const name = space.startsWith(prefix) ? space : prefix + space
  const spaces = await namespacesOf(prefix)
  if (spaces.length === 0) throw new Error('no lab is up: uvs lab up')
  if (!spaces.includes(name)) {
    const known = spaces.map(each => each.slice(prefix.length))
    throw new LabUsageError(`exec '${space}': the lab's namespaces are ${known.join(', ')}`)
  }
  const { status, signal, error } = spawnSync('ip', ['netns', 'exec', name, ...command], { stdio: 'inherit' })
  if (error) throw error
  return status ?? (signal ? 1 : 0)
}

/** `uvs lab down`: removes the lab that stands, and what dead owners have left of any. */
export async function labDown(prefix: string, print: Print): Promise<number> {
  const swept = await Ledger.sweep()
  const ledger = Ledger.find(prefix)
  const owner = ledger?.ownerPid
  if (owner !== undefined) {
    print(`process ${owner} is running the lab, and removes it at its end`)
    return 1
  }
  await ledger?.remove()
  const removed = [...swept, ...(ledger ? [prefix] : [])]
  print(removed.length > 0 ? `removed ${removed.map(it => `${it}*`).join(', ')}` : 'no lab is up')
  return 0
}
