import { setTimeout as wait } from 'node:timers/promises'
import type { Control, Outcome } from '../../../control/protocol/api.js'
import { CONTROL } from '../../command.js'
import type { UvsCommand } from '../command.js'
import { readOptions } from '../options/read-options.js'
import { textOf } from './rules-file.js'
import { runLine, type ScriptHooks } from './script-lines.js'
import { withDirector } from '../with-director.js'

/**
 * Runs the lines of recorded cases (kernel/README.md), one a line or joined by `;`, with the shell's quotes ' and " and no other
 * shell syntax. Goes on after a line that fails; the status is the last line's.
 */
export async function runScript(text: string, control: Control, hooks: ScriptHooks): Promise<Outcome> {
  const total: Outcome = { status: 0, out: '', err: '' }
  for (const words of splitScript(text)) {
    const { status, out, err } = await runLine(words, control, hooks)
    total.status = status
    total.out += out
    total.err += err
  }
  return total
}

/** Splits each line into words. A # at the start of a word begins a comment; an unclosed quote ends with the text. */
export function splitScript(text: string): string[][] {
  const lines: string[][] = []
  let words: string[] = []
  let word: string | undefined
  const endWord = (): void => {
    if (word !== undefined) words.push(word)
    word = undefined
  }
  const endLine = (): void => {
    endWord()
    if (words.length > 0) lines.push(words)
    words = []
  }
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    if (char === '\n' || char === ';') endLine()
    else if (/\s/.test(char)) endWord()
    else if (char === '#' && word === undefined) at = endOf(text, '\n', at) - 1
    else if (char === "'" || char === '"') {
      const close = endOf(text, char, at + 1)
      word = (word ?? '') + text.slice(at + 1, close)
      at = close
    } else word = (word ?? '') + char
  }
  endLine()
  return lines
}

function endOf(text: string, char: string, from: number): number {
  const at = text.indexOf(char, from)
  return at < 0 ? text.length : at
}

/** What is said of line after line is said once, with how often: 'hello: not a line … (5 times)'. */
export function withoutRepeats(err: string): string {
  const told: { line: string; times: number }[] = []
  for (const line of err.split('\n').slice(0, -1)) {
    const last = told.at(-1)
    if (last?.line === line) last.times++
    else told.push({ line, times: 1 })
  }
  return told.map(({ line, times }) => `${line}${times > 1 ? ` (${times} times)` : ''}\n`).join('')
}

export const script: UvsCommand = {
  name: 'script',
  help: `Plays ipvsadm, sysctl, iptables-legacy … MARK, ip route, sleep and modprobe lines.
- is standard input. It goes on after a line that fails; the status is the last line's.`,
  forms: [{ words: [{ value: '-|FILE', examples: ['-'], is: 'file' }], options: [CONTROL] }],
  async run(args) {
    const given = readOptions(script, args)
    const text = textOf(given.words[0]!, '')
    return withDirector(given, async control => {
      const outcome = await runScript(text, control, { sleep: seconds => wait(seconds * 1000) })
      return { ...outcome, err: withoutRepeats(outcome.err) }
    })
  },
}
