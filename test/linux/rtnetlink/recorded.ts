import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** News of a kernel as `record.ts` writes them. */
export interface Recorded {
  kernel: string
  /** A command of ip(8), and the datagrams that the kernel sent upon it, in hex. */
  steps: { command: string; news: string[] }[]
}

const FILE = fileURLToPath(new URL('../../../../test/linux/rtnetlink/recorded.json', import.meta.url))

export const recorded = JSON.parse(readFileSync(FILE, 'utf8')) as Recorded

/** The datagrams of a step, each over memory of its own. */
export function newsOf(command: string): DataView[] {
  const step = recorded.steps.find(each => each.command === command)
  if (step === undefined) throw new Error(`nothing was recorded for '${command}'`)
  return step.news.map(viewOf)
}

export function viewOf(hex: string): DataView {
  const octets = Uint8Array.from(Buffer.from(hex, 'hex'))
  return new DataView(octets.buffer)
}
