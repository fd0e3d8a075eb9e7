const IOS = ['raw', 'tap', 'sim'] as const
export type Io = (typeof IOS)[number]

/** What `uvs lab` was asked for. Without `io`: raw where namespaces can be had, else sim. */
export type LabRequest =
  | ({ do: 'demo' } & LabOptions)
  | { do: 'up'; io: 'raw' | 'tap' }
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
  switch (verb) {
    case 'nat':
      return { do: 'demo', ...readOptions(rest) }
    case 'up': {
      const { io = 'raw', json } = readOptions(rest[0] === 'nat' ? rest.slice(1) : rest)
      if (io === 'sim' || json !== undefined) throw new LabUsageError('up takes --io raw or --io tap only')
      return { do: 'up', io }
    }
    case 'exec':
      if (rest.length < 2) throw new LabUsageError('exec needs a namespace and a command')
      return { do: 'exec', space: rest[0]!, command: rest.slice(1) }
    case 'down':
      if (rest.length > 0) throw new LabUsageError(`down takes no arguments, not '${rest[0]}'`)
      return { do: 'down' }
    default:
      throw new LabUsageError(`${verb === undefined ? '' : `'${verb}': `}the modes are nat, up, exec and down`)
  }
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
