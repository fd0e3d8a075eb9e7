import { LAB_MODES, type LabMode } from '../native-free/lab-plan.js'

const IOS = ['raw', 'tap', 'sim'] as const
export type Io = (typeof IOS)[number]

/** What `uvs lab` was asked for. Without `io`: raw where namespaces can be had, else sim, if the mode has it. */
export type LabRequest =
  | ({ do: 'demo'; mode: LabMode } & LabOptions)
  | { do: 'all'; io: 'raw' | 'tap'; json?: string }
  | { do: 'up'; mode: LabMode; io: 'raw' | 'tap' }
  | { do: 'exec'; space: string; command: string[] }
  | { do: 'down' }

export interface LabOptions {
  io?: Io
  /** A file for the figures. */
  json?: string
}

/** The command line is wrong: flag, value, what is allowed. */
export class LabUsageError extends Error {}

/** Pure: what the arguments after `uvs lab` ask for. */
export function parseLab(args: readonly string[]): LabRequest {
  const [verb, ...rest] = args
  const mode = modeOf(verb)
  if (mode) return { do: 'demo', mode, ...readOptions(rest) }
  switch (verb) {
    case 'all': {
      const { io = 'raw', ...options } = readOptions(rest)
      if (io === 'sim') throw new LabUsageError('all takes --io raw or --io tap, and --json')
      return { do: 'all', io, ...options }
    }
    case 'up':
      return { do: 'up', ...readUp(rest) }
    case 'exec':
      if (rest.length < 2) throw new LabUsageError('exec needs a namespace and a command')
      return { do: 'exec', space: rest[0]!, command: rest.slice(1) }
    case 'down':
      if (rest.length > 0) throw new LabUsageError(`down takes no arguments, not '${rest[0]}'`)
      return { do: 'down' }
    default: {
      const given = verb === undefined ? '' : `'${verb}': `
      throw new LabUsageError(`${given}the modes are ${LAB_MODES.join(', ')}, all, up, exec and down`)
    }
  }
}

function modeOf(word: string | undefined): LabMode | undefined {
  return LAB_MODES.find(mode => mode === word)
}

/** '[MODE] [--io …]' */
function readUp(args: readonly string[]): { mode: LabMode; io: 'raw' | 'tap' } {
  const [word] = args
  const mode = modeOf(word)
  if (!mode && word !== undefined && !word.startsWith('-')) {
    throw new LabUsageError(`up '${word}': the modes are ${LAB_MODES.join(', ')}`)
  }
  const { io = 'raw', json } = readOptions(mode ? args.slice(1) : args)
  if (io === 'sim' || json !== undefined) throw new LabUsageError('up takes --io raw or --io tap only')
  return { mode: mode ?? 'nat', io }
}

/** '--io tap' or '--io=tap', and so on. */
function readOptions(args: readonly string[]): LabOptions {
  const options: LabOptions = {}
  const words = args.flatMap(arg => /^(--\w+)=(.*)$/s.exec(arg)?.slice(1) ?? [arg])
  for (let i = 0; i < words.length; i += 2) {
    const [option, value] = [words[i]!, words[i + 1]]
    if (option !== '--io' && option !== '--json')
      throw new LabUsageError(`'${option}': the options are --io and --json`)
    if (!value) throw new LabUsageError(`${option} needs a value`)
    if (option === '--json') options.json = value
    else options.io = ioOf(value)
  }
  return options
}

function ioOf(value: string): Io {
  const io = IOS.find(it => it === value)
  if (!io) throw new LabUsageError(`--io '${value}': it may be ${IOS.join(', ')}`)
  return io
}
