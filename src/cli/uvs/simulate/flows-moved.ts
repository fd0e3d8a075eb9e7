import { closeSync } from 'node:fs'
import { capturedFlows } from '../../../../native-free/simulate/flows-moved-capture.js'
import { FlowDirector } from '../../../../native-free/simulate/flows-moved-director.js'
import type { ClientFlow } from '../../../../native-free/simulate/flows-moved-frames.js'
import { madeFlows } from '../../../../native-free/simulate/flows-moved-made.js'
import { flowsMoved, type FlowsMoved } from '../../../../native-free/simulate/flows-moved.js'
import { CaptureError } from '../../../capture/capture-error.js'
import { CaptureReader } from '../../../capture/capture-reader.js'
import { localControl } from '../../../control/operations/execute.js'
import type { Control } from '../../../control/protocol/api.js'
import { Transactions } from '../../../control/rules/transactions.js'
import { Director } from '../../../director/director.js'
import { UsageError } from '../../../director/options.js'
import { loadScheduler } from '../../../plane/load-scheduler.js'
import { openCapture } from '../replay/open-capture.js'
import { bar, Progress, ProgressLine } from '../replay/progress.js'
import { carryOutRules } from '../replay/begin-rules.js'
import { parsedLines } from '../rules/parsed-rules.js'
import { ruleLines, textOf, type RuleLine } from '../rules/rules-file.js'
import { commitRules, stageRules } from '../rules/rules-transaction.js'
import { connectionsFor, MOST_FLOWS, type FlowsMovedCommand } from './flows-moved-options.js'

/** What the flows are, and how many of them move. */
export interface FlowsMovedFound extends FlowsMoved {
  source: FlowSource
}
export interface FlowsMovedReport extends FlowsMovedFound {
  /** What the director said of users' schedulers, a line each. */
  problems: string[]
}
export type FlowSource =
  { seed: number; clients: string } | { capture: string; frames: number; others: number; sctp: number; isCut: boolean }

/** Puts the flows through directors with the rules before and after. UsageError, with the option, for what is wrong. */
export async function findFlowsMoved(command: FlowsMovedCommand): Promise<FlowsMovedReport> {
  const { simulated, before: beforeFile, after: afterFile } = command
  const schedulers = await Promise.all(simulated.schedulers.map(loadScheduler))
  const problems = new Set<string>()
  const report = (problem: string): void => void problems.add(problem)
  const texts = { before: textOf(beforeFile, '--before: '), after: textOf(afterFile, '--after: ') }
  const linesOf = (which: 'before' | 'after'): Iterable<RuleLine> =>
    ruleLines(texts[which], which === 'before' ? beforeFile : afterFile, `--${which}: `)
  const make = (maxConnections: number): FlowDirector => {
    const settings = { maxConnections, ...simulated.director, schedulers, report }
    return new FlowDirector(simulated.links, settings)
  }
  const begin = async (which: 'before' | 'after', maxConnections: number): Promise<FlowDirector> => {
    const made = make(maxConnections)
    const control = localControl(made.director)
    for (const rule of simulated.marks) await control.call({ op: 'add-mark', rule })
    for (const [name, value] of command.sysctls) await setSysctl(control, name, value)
    await carryOutRules(control, parsedLines(linesOf(which)), `--${which}`)
    made.turn()
    return made
  }

  const known = [await begin('before', 1), await begin('after', 1)] as const
  const { flows, source } = flowsOf(command, known)
  const room = connectionsFor(flows.length)
  const [before, after] = [await begin('before', room), await begin('after', room)]
  const { director, links } = simulated
  const makeTrial = (): Director =>
    new Director({ ...director, links, schedulers, egress: { transmit: () => true }, maxConnections: 1, now: 0 })
  const apply = async (): Promise<void> => {
    const client = new Transactions(localControl(before.director), makeTrial).client()
    try {
      await stageRules(client, parsedLines(linesOf('after')))
      await commitRules(client)
    } finally {
      client.close()
    }
  }
  const progress = new ProgressLine()
  const reached = (share: number): void => {
    if (progress.isDue()) progress.show(`${bar(share)}  of ${flows.length} flows`)
  }
  const found = await flowsMoved({ flows, before, after, apply, reached })
  progress.end()
  return { ...found, source, problems: [...problems] }
}

async function setSysctl(control: Control, name: string, value: string): Promise<void> {
  const reply = await control.call({ op: 'set-sysctl', name, value })
  if (!reply.ok) throw new UsageError(`--sysctl: ${name}=${value}: ${reply.message}`)
}

function flowsOf(
  { flows, clients, clientsText, simulated }: FlowsMovedCommand,
  [before, after]: readonly [FlowDirector, FlowDirector],
): { flows: ClientFlow[]; source: FlowSource } {
  if (typeof flows === 'number') {
    const { seed } = simulated.director
    const made = madeFlows(before.director, flows, clients, seed)
    if (made.length === 0)
      throw new UsageError('--before: the rules have no virtual service of TCP or UDP to make flows to')
    return { flows: made, source: { seed, clients: clientsText } }
  }
  const isForService = (flow: ClientFlow): boolean =>
    before.serviceOf(flow) !== undefined || after.serviceOf(flow) !== undefined
  const { flows: found, ...rest } = readCapture(flows, isForService)
  return { flows: found, source: { capture: flows, ...rest } }
}

function readCapture(file: string, isForService: (flow: ClientFlow) => boolean): ReturnType<typeof capturedFlows> {
  const { fd, size } = openCapture('--flows', file)
  try {
    const progress = new Progress(size)
    const reader = new CaptureReader(fd)
    const found = capturedFlows(reader, isForService, MOST_FLOWS, () => progress.show(reader.offset, reader.frames))
    progress.end()
    return found
  } catch (error) {
    throw error instanceof CaptureError ? new Error(`${file}: ${error.message}`) : error
  } finally {
    closeSync(fd)
  }
}
