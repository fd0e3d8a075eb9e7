import { readdirSync } from 'node:fs'
import { setPriority } from 'node:os'

/** What only asks a director, or shows what it says. */
const ASKS: ReadonlySet<string> = new Set([
  'drops',
  'explain',
  'health',
  'offload',
  'record',
  'top',
  'verdicts',
  'vrrp',
])
/** With 19 others wait no less, and on a busy machine the command does not come to its turn for seconds. */
const NICE = 10

/**
 * Of a command that asks a director every thread lets others go first: it is started where the director forwards, and Node's start
 * takes a tenth of a second. Called before the command is loaded, which is most of that.
 */
export function giveWay(command: string): void {
  if (!ASKS.has(command)) return
  try {
    for (const thread of readdirSync('/proc/self/task')) setPriority(Number(thread), NICE)
  } catch {
    // a thread that has just ended, or a system that forbids it: it goes as it is
  }
}
