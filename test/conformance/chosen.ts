import { decode } from '../support/frames.js'
import type { RecordedCase, SideFrame, Step } from './case.js'
import type { PlayedStep } from './play.js'

/** The real server that each SYN of a trace was given, in the words of the recordings. */
export function chosen(recorded: RecordedCase, played: PlayedStep[]): string[] {
  return played.filter((_, index) => isSyn(recorded.steps[index]!)).map(step => choice(step.out))
}

function isSyn(step: Step): boolean {
  return step.kind === 'send' && step.send.side === 'c' && decode(step.send.frame)['tcp.flags'] === 'S'
}

/** By the first frame that says it: one to a real server, else a refusal. */
function choice(out: SideFrame[]): string {
  for (const { side, frame } of out) {
    const fields = decode(frame)
    if (side === 'r') return String(fields['ip.dst'])
    if ('icmp.type' in fields) return `icmp ${fields['icmp.type']}/${fields['icmp.code']}`
    if ('tcp.flags' in fields) return `tcp [${fields['tcp.flags']}] from the director`
  }
  return 'nothing'
}
