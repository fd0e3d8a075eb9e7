import type { Outcome } from '../../src/control/protocol/api.js'
import { unhex } from '../support/frames.js'

/** The wire that a frame is on: `c` the clients', `r` the real servers'. */
export type Side = 'c' | 'r'

export interface SideFrame {
  side: Side
  frame: Uint8Array
  /** What is wrong with the virtio-net header that the director gave it. Recorded frames have none. */
  fault?: string
  /** Who sent a frame that was played: beside the kernel, one of two. */
  sender?: Sender
}

export type Sender = 'uvs' | 'program' | 'kernel'

export interface SendStep {
  kind: 'send'
  note: string
  send: SideFrame
  out: SideFrame[]
  /** Seconds that the rig waited; its usual time if left out. */
  quiet: number | undefined
}

export interface DoStep {
  kind: 'do'
  note: string
  script: string
  result: Outcome
  out: SideFrame[]
  /** Seconds that it took; the usual time if left out. */
  quiet: number | undefined
}

export interface PauseStep {
  kind: 'pause'
  note: string
  seconds: number
  out: SideFrame[]
}

export type Step = SendStep | DoStep | PauseStep

/** A recorded case, or a scheduler's trace: that is one that says which real server each SYN was given. */
export interface RecordedCase {
  name: string
  setup: string
  /** What the setup printed: the recorder notes it only if something went wrong. */
  setupResult: Outcome | undefined
  steps: Step[]
  /** `ipvsadm -Lcn; ipvsadm -Ln --sort` at the end. */
  state: string
  /** The file has a `scenario`: its rig went on as soon as a frame came. */
  trace: boolean
  chosen: string[] | undefined
}

/** A file that is no recording. The message says where and what. */
export class CaseError extends Error {}

/** Reads a recording, and refuses one that has less in it than is to be compared: nothing may pass for want of content. */
export function parseCase(text: string): RecordedCase {
  const json = object(parseJson(text), 'the file')
  const trace = json['scenario'] !== undefined
  const steps = array(json['steps'], 'steps').map(parseStep)
  if (steps.length === 0) throw new CaseError('steps: there are none')
  if (trace && json['chosen'] === undefined) throw new CaseError('chosen: missing, though there is a scenario')
  return {
    name: string(json['name'], 'name'),
    setup: string(json['setup'], 'setup'),
    setupResult: json['setup_result'] === undefined ? undefined : parseOutcome(json['setup_result'], 'setup_result'),
    steps,
    state: string(json['state'], 'state'),
    trace,
    chosen: json['chosen'] === undefined ? undefined : array(json['chosen'], 'chosen').map(string),
  }
}

function parseStep(value: unknown, index: number): Step {
  const where = `steps[${index}]`
  const step = object(value, where)
  const note = step['note'] === undefined ? '' : string(step['note'], `${where}.note`)
  const quiet = step['quiet'] === undefined ? undefined : seconds(step['quiet'], `${where}.quiet`)
  const kinds = ['send', 'do', 'pause'].filter(kind => step[kind] !== undefined)
  if (kinds.length !== 1) throw new CaseError(`${where}: has to be one of send, do, pause`)
  if (step['send'] !== undefined) {
    const send = parseFrame(step['send'], `${where}.send`)
    return { kind: 'send', note, send, out: parseFrames(step['out'], `${where}.out`), quiet }
  }
  // The recorder collects frames after a send only. Where a file has none, none may come.
  const out = parseFrames(step['out'] ?? [], `${where}.out`)
  if (step['do'] !== undefined) {
    const result = parseOutcome(step['result'], `${where}.result`)
    return { kind: 'do', note, script: string(step['do'], `${where}.do`), result, out, quiet }
  }
  return { kind: 'pause', note, seconds: seconds(step['pause'], `${where}.pause`), out }
}

function parseFrames(value: unknown, where: string): SideFrame[] {
  return array(value, where).map((frame, index) => parseFrame(frame, `${where}[${index}]`))
}

function parseFrame(value: unknown, where: string): SideFrame {
  const { side, frame } = object(value, where)
  if (side !== 'c' && side !== 'r') throw new CaseError(`${where}.side: '${String(side)}' is not c or r`)
  try {
    return { side, frame: unhex(string(frame, `${where}.frame`)) }
  } catch (error) {
    if (error instanceof RangeError) throw new CaseError(`${where}.frame: not hex octets`)
    throw error
  }
}

function parseOutcome(value: unknown, where: string): Outcome {
  const { status, out, err } = object(value, where)
  if (!Number.isInteger(status)) throw new CaseError(`${where}.status: not a whole number`)
  return { status: Number(status), out: string(out, `${where}.out`), err: string(err, `${where}.err`) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new CaseError(`not JSON: ${(error as Error).message}`)
  }
}

function object(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new CaseError(`${where}: not an object`)
  return value as Record<string, unknown>
}

function array(value: unknown, where: string): unknown[] {
  if (!Array.isArray(value)) throw new CaseError(`${where}: not a list`)
  return value
}

function string(value: unknown, where: string | number): string {
  if (typeof value !== 'string') throw new CaseError(`${where}: not a text`)
  return value
}

function seconds(value: unknown, where: string): number {
  if (typeof value !== 'number' || !(value >= 0)) throw new CaseError(`${where}: not a number of seconds`)
  return value
}
