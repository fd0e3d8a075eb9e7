import type { Control } from '../../../control/protocol/api.js'
import { runLine } from '../rules/script-lines.js'
import { splitScript } from '../rules/script.js'

/** Of uvsadm's lines the program's name may be left out. Returns what is wrong. */
export async function lineOnDirector(line: string, control: Control): Promise<string | undefined> {
  const [words, more] = splitScript(line)
  if (!words || more) return 'one line of uvsadm or sysctl is expected'
  const whole = words[0]!.startsWith('-') ? ['uvsadm', ...words] : words
  if (whole[0] === 'sleep') return 'no sleep here: write a change with its own time'
  const { status, err } = await runLine(whole, control, { sleep: () => Promise.resolve() })
  return status === 0 ? undefined : (err.trim().split('\n')[0] ?? `status ${status}`)
}
