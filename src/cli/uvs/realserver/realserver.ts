import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { isAlive } from '../../../linux/process-id.js'
import { differences } from '../../../realserver/differences.js'
import { thisHost } from '../../../realserver/host.js'
import { KERNEL_DEVICE } from '../../../realserver/devices.js'
import type { ProgramState } from '../../../realserver/ingress-program.js'
import { startRealServer } from '../../../realserver/start.js'
import type { Running, State } from '../../../realserver/state.js'
import { StateFile } from '../../../realserver/state-file.js'
import type { Answer } from '../../../realserver/daemon.js'
import { askDaemon, lastLine } from '../../../realserver/daemon-process.js'
import { stopRealServer } from '../../../realserver/stop.js'
import { outliveReaders } from '../../command.js'
import type { UvsCommand } from '../command.js'
import { readOptions } from '../options/read-options.js'
import { realServerDocument } from '../realserver-document.js'
import { REALSERVER_FORMS, realServerCommand, type RealServerCommand } from './realserver-options.js'
import { complain as complainOf } from '../run-uvs.js'

const DIRECTORY = '/run/uvs'
const LOOK_MS = 200

export const realserver: UvsCommand = {
  name: 'realserver',
  help: `Makes this host, or network namespace, a real server of DR (-g) or TUN (-i).
The VIP is put on lo without ARP for it; tunnels are opened by the kernel's ipip or else by a process of ours. start returns
when all is there. stop puts back what was there before, of one VIP or of all; status tells, and counts.`,
  forms: REALSERVER_FORMS,
  async run(args) {
    return perform(realServerCommand(readOptions(realserver, args)))
  },
}

function say(message: string): void {
  process.stdout.write(`uvs realserver: ${message}\n`)
}
const complain = (message: string): void => complainOf('realserver', message)

async function perform(command: RealServerCommand): Promise<number> {
  if (process.getuid?.() !== 0) throw new Error('this needs root')
  const files = new StateFile(DIRECTORY, await cookie())
  if (command.do === 'start') return start(command, files)
  return command.do === 'stop' ? stop(command.vips, files) : status(command.json, files)
}

/** Native code is needed only here; without it, a namespace is identified by its inode alone. */
async function cookie(): Promise<string | undefined> {
  try {
    return (await import('../../../linux/netns-cookie.js')).netnsCookie()
  } catch {
    return undefined
  }
}

async function start(command: RealServerCommand & { do: 'start' }, files: StateFile): Promise<number> {
  outliveReaders()
  const asked = command.foreground ? endAsked() : undefined
  const { state, already, notes } = await startRealServer(command, thisHost, files)
  for (const note of notes) complain(note)
  const answer = state.decapsulator && (await askDaemon(state.decapsulator.process, files))
  say(`ready${already ? ', as it was' : ''}: ${describe(state, answer)}`)
  if (!asked) return 0
  const died = await diedBefore(asked, command.vips, files)
  if (died !== undefined) complain(`process ${died}, the decapsulator, has ended${colon(lastLine(files))}`)
  return Math.max(await stop(command.vips, files), died === undefined ? 0 : 1)
}

function colon(line: string | undefined): string {
  return line === undefined ? '' : `: ${line}`
}

/** A signal that the first SIGINT or SIGTERM aborts. */
function endAsked(): AbortSignal {
  const asked = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => asked.abort())
  return asked.signal
}

/**
 * Waits for a signal, or until another process has stopped these VIPs; returns the decapsulator's pid if that process ends by
 * itself first. (A decapsulator that another start or stop has put in its place is accepted.)
 */
async function diedBefore(asked: AbortSignal, vips: string[], files: StateFile): Promise<number | undefined> {
  while (!asked.aborted) {
    if (isDead(files.load())) {
      const { decapsulator } = await files.alone(async () => files.load())
      if (decapsulator && !isAlive(decapsulator.process)) return decapsulator.process.pid
    }
    if (!vips.some(vip => Object.hasOwn(files.load().vips, vip))) return undefined
    await sleep(LOOK_MS, undefined, { signal: asked }).catch(() => {})
  }
  return undefined
}

function isDead({ decapsulator }: State): boolean {
  return decapsulator !== undefined && !isAlive(decapsulator.process)
}

async function stop(vips: string[] | undefined, files: StateFile): Promise<number> {
  const { stopped, unknown, complaints } = await stopRealServer(vips, thisHost, files)
  for (const vip of unknown) say(`${vip} is not started here: nothing to stop`)
  for (const vip of stopped) say(`${vip} stopped`)
  if (vips === undefined && stopped.length === 0) say('nothing is started here: nothing to stop')
  for (const complaint of complaints) complain(complaint)
  return complaints.length > 0 ? 1 : 0
}

async function status(json: boolean, files: StateFile): Promise<number> {
  // Not while another process holds the lock, as it may be changing the state.
  return files.alone(async () => {
    const state = files.load()
    const { decapsulator } = state
    const answer = decapsulator && (await askDaemon(decapsulator.process, files))
    const isStarted = Object.keys(state.vips).length > 0
    const wrong = isStarted ? [...differences(thisHost, state), ...daemonDifferences(decapsulator, answer, files)] : []
    if (json) process.stdout.write(realServerDocument(state, answer, wrong))
    else if (isStarted) tell(state, answer, wrong)
    else say('nothing is started here')
    return isStarted && wrong.length === 0 ? 0 : 1
  })
}

/** How the decapsulator's process differs from what start left. */
function daemonDifferences(running: Running | undefined, answer: Answer | undefined, { log }: StateFile): string[] {
  if (!running) return []
  const { pid } = running.process
  if (!isAlive(running.process)) return [`process ${pid} is dead (${log})`]
  if (!answer) return [`process ${pid} does not answer (${log})`]
  return isDeepStrictEqual(answer.options, running.options) ? [] : [`process ${pid} does something else`]
}

function tell(state: State, answer: Answer | undefined, wrong: readonly string[]): void {
  say(`${wrong.length > 0 ? 'not as it was started: ' : ''}${describe(state, answer)}`)
  for (const [name, count] of Object.entries(answer?.counters ?? {}))
    process.stdout.write(`    ${name.padEnd(24)}${count}\n`)
  for (const each of wrong) complain(each)
  if (wrong.length > 0) complain('the same start puts it right')
}

/** '192.168.159.100 on lo; tunnels for it are opened by …' */
function describe({ vips, way, decapsulator }: State, answer: Answer | undefined): string {
  const tunnelled = Object.keys(vips).filter(vip => vips[vip]!.tunnel)
  const onLo = `${Object.keys(vips).join(', ')} on lo`
  if (tunnelled.length === 0) return onLo
  if (way === 'kernel') return `${onLo}; IPIP to ${tunnelled.join(', ')} is opened by the kernel's ${KERNEL_DEVICE}`
  if (!decapsulator) return `${onLo}; nobody opens tunnels`
  const { options, process } = decapsulator
  const gue = options.guePort === 0 ? '' : ` and GUE (UDP port ${options.guePort})`
  const kinds = gue ? `IPIP, GRE${gue}` : 'IPIP and GRE'
  const to = `${kinds} to ${tunnelled.join(', ')} on ${options.interfaces.join(', ')}`
  return `${onLo}; ${to}: process ${process.pid}, device ${options.device}${describeProgram(answer?.program)}`
}

/** ', and before it a program in the kernel at eth0 (tcx)' */
function describeProgram(program: ProgramState | undefined): string {
  if (program === undefined) return ''
  const places = program.on.map(({ interface: name, way }) => `${name} (${way})`)
  const there = places.length === 0 ? '' : `, and before it a program in the kernel at ${places.join(', ')}`
  const rest = places.length === 0 ? '' : ' elsewhere'
  return program.why === undefined ? there : `${there}, and no program in the kernel${rest}: ${program.why}`
}
