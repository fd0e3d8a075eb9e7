import { readFileSync } from 'node:fs'
import type { LabPlan } from '../native-free/lab-plan.js'
import type { Namespaces } from './namespaces.js'
import { identify, isAlive, until } from './proc.js'
import { ours } from './tools.js'

const START_MS = 30_000
const READY = 'uvs realserver: ready'

/** The `uvs` arguments that make a host a real server of the plan's mode; undefined if none are needed. */
export function realServerArguments({ mode, vip }: LabPlan, decap?: string): string[] | undefined {
  if (mode !== 'dr' && mode !== 'tun') return undefined
  const tunnel = mode === 'dr' ? [] : ['--tun', ...(decap === undefined ? [] : ['--decap', decap])]
  return ['realserver', 'start', '--vip', vip, ...tunnel]
}

/** For direct routing and tunnels: gives a real server the virtual address, and opens its tunnel. Resolves when this is done. */
export async function prepareRealServer(
  spaces: Namespaces,
  plan: LabPlan,
  name: string,
  decap?: string,
): Promise<void> {
  const args = realServerArguments(plan, decap)
  if (args) await startRealServer(spaces, args, name)
}

/** Runs `uvs realserver start …` until the lab ends. Resolves when all is there. */
export async function startRealServer(spaces: Namespaces, args: readonly string[], name: string): Promise<void> {
  // In the foreground it ends with the lab, and undoes its changes outside of the namespace.
  const command = [ours('src/cli/uvs/main.js'), ...args, '--foreground']
  const { pid, log } = spaces.start(name, `realserver-${name}`, process.execPath, command)
  const said = (): string => readFileSync(log, 'utf8')
  const id = identify(pid)
  await until(() => said().includes(READY) || !id || !isAlive(id), START_MS, spaces.signal)
  if (!said().includes(READY)) {
    throw new Error(`uvs ${args.join(' ')} in ${spaces.full(name)}: ${said().trim() || 'it said nothing'}`)
  }
}
