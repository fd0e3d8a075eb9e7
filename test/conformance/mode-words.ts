import type { Mode } from './rig.js'
import { ConformanceUsageError } from './usage-error.js'

/** The words that say a mode, each with a space behind it. */
export function modeWords({ isBeside, offload }: Mode): string {
  const program = offload === 'program' ? '--offload=program ' : '--offload '
  return (isBeside ? '--beside ' : '') + (offload ? program : '')
}

/** The mode that words say, and the others. */
export function takeMode(words: readonly string[]): { mode: Mode; others: string[] } {
  const mode: { -readonly [Key in keyof Mode]: Mode[Key] } = {}
  const others = words.filter(word => {
    const [name, value = 'simulated'] = word.split('=')
    if (word === '--beside') mode.isBeside = true
    else if (name !== '--offload') return true
    else if (value === 'simulated' || value === 'program') mode.offload = value
    else throw new ConformanceUsageError(`'${word}': --offload, or --offload=program`)
    return false
  })
  return { mode, others }
}
