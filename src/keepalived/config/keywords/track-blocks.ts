import { block, flag, number, time, word } from '../arguments.js'
import type { ConfigDraft } from '../draft.js'
import { signedOf } from '../numbers.js'
import type { Keyword, Table } from '../parser.js'
import type { TrackFile, TrackProcess } from '../tree/vrrp.js'

/** `weight N [reverse]` of a block; `bad` is said of the number. */
export function weight<T extends { readonly name: string; weight: number; isReverse: boolean }>(
  most: number,
  bad: (text: string, target: T) => string,
  /** keepalived takes a bad weight although it tells it: a word that is no number as 0, and a number out of range as it is. */
  { takesBad = 'words', none }: { takesBad?: 'words' | 'all'; none?: string } = {},
  unknownOption: (option: string, target: T) => string = (option, target) =>
    `${target.name} unknown weight option ${option}`,
): Keyword<T> {
  return {
    takes: `<-${most}-${most}> [reverse]`,
    takesAll: true,
    read(line, target, parser) {
      if (none !== undefined && line.words.length < 2) {
        parser.error(`No weight specified for ${none} ${target.name} - ignoring`)
        return
      }
      const text = parser.needed(line)
      const value = signedOf(text, { least: -most, most }, parser)
      const option = line.words[2]
      if (value === undefined) {
        parser.error(bad(text, target), `allowed: -${most} to ${most}`)
        if (takesBad === 'all' || !/^[+-]?\d+$/.test(text)) target.weight = Number.parseInt(text, 10) || 0
      } else target.weight = value
      if (option === 'reverse') target.isReverse = true
      else if (option !== undefined) parser.error(unknownOption(option, target), 'allowed: reverse')
    },
  }
}

const FILE_KEYWORDS: Table<TrackFile> = {
  file: word({
    takes: '<PATH>',
    none: 'track file file name missing',
    set(file, path, parser) {
      if (file.path !== undefined) parser.error(`File already set for track file ${file.name} - ignoring ${path}`)
      else if (path === '') parser.error('track file file name missing')
      else file.path = path
    },
  }),
  weight: weight(
    254,
    (text, { name }) => `Weight (${text}) for track_file ${name} must be between [-254..254] inclusive. Ignoring...`,
    { none: 'track file' },
    (option, { name }) => `track_file ${name} unknown weight option ${option}`,
  ),
  init_file: {
    takes: '[<VALUE>] [overwrite]',
    takesAll: true,
    read({ words }, file, parser) {
      file.initValue = 0
      for (const option of words.slice(1)) {
        if (option === 'overwrite') file.overwrites = true
        else if (/^[+-]?\d/.test(option)) {
          const value = signedOf(option, { least: -2_147_483_648, most: 2_147_483_647 }, parser)
          if (value === undefined) parser.error(`Track file ${file.name} init value ${option} is invalid`)
          else file.initValue = value
        } else parser.error(`Unknown track file init option ${option}`, 'allowed: a number, overwrite')
      }
    },
  },
}

export const trackFile: Keyword<ConfigDraft> = block<ConfigDraft, TrackFile>({
  takes: '<NAME>',
  table: FILE_KEYWORDS,
  open: (line, _config, parser) => ({ name: parser.needed(line), weight: 1, isReverse: false, overwrites: false }),
  close(file, config, parser) {
    if (file.path === undefined) parser.error(`No file set for track_file ${file.name} - ignoring`)
    else config.trackFiles.push(file)
  },
})

const SECONDS = { least: 0.000001, most: 3600 }

const PROCESS_KEYWORDS: Table<TrackProcess> = {
  process: {
    takes: '<NAME> [<PARAMETER>…]',
    takesAll: true,
    read(line, process, parser) {
      const name = parser.needed(line)
      if (process.process) parser.error(`Process already set for track process ${process.name} - ignoring ${name}`)
      else if (name !== '') process.process = line.words.slice(1)
    },
  },
  param_match: {
    takes: '[<initial|partial>]',
    initial: 'exact where there are parameters',
    read({ words: [, match] }, process, parser) {
      if (match !== undefined && match !== 'initial' && match !== 'partial')
        parser.error(`Invalid param_match type ${match} - ignoring`, 'allowed: initial, partial')
      else Object.assign(process, { paramMatch: match ?? 'exact', fullCommand: true })
    },
  },
  weight: weight(
    254,
    (text, { name }) =>
      `Weight (${text}) for vrrp_track_process ${name} must be between [-254..254] inclusive. Ignoring...`,
    { none: 'track process' },
    (option, { name }) => `vrrp_track_process ${name} unknown weight option ${option}`,
  ),
  quorum: number({
    least: 1,
    most: 65_535,
    initial: '1',
    bad: (text, { name }) =>
      `Quorum (${text}) for vrrp_track_process ${name} must be between [1..65535] inclusive. Ignoring...`,
    set: (process, value) => void (process.quorum = value),
  }),
  quorum_max: number({
    least: 0,
    most: 65_535,
    initial: 'none',
    bad: (text, { name }) =>
      `quorum_max (${text}) for vrrp_track_process ${name} must be between [0..65535] inclusive. Ignoring...`,
    set: (process, value, parser) => {
      if (value > 0 && value < process.quorum) parser.error('quorum_max is less than quorum - ignoring')
      else process.quorumMax = value
    },
  }),
  delay: delay('delay', (process, ms) => Object.assign(process, { forkDelayMs: ms, terminateDelayMs: ms })),
  fork_delay: delay('fork_delay', (process, ms) => (process.forkDelayMs = ms)),
  terminate_delay: delay('terminate_delay', (process, ms) => (process.terminateDelayMs = ms)),
  full_command: flag(process => void (process.fullCommand = true)),
}

function delay(what: string, set: (process: TrackProcess, ms: number) => void): Keyword<TrackProcess> {
  return time({
    ...SECONDS,
    initial: '0',
    bad: (text, { name }) =>
      `${what} (${text}) for vrrp_track_process ${name} must be between [0.000001..3600] inclusive. Ignoring...`,
    set,
  })
}

export const trackProcess: Keyword<ConfigDraft> = block<ConfigDraft, TrackProcess>({
  takes: '<NAME>',
  table: PROCESS_KEYWORDS,
  open: (line, _config, parser) => ({
    name: parser.needed(line),
    weight: 0,
    isReverse: false,
    fullCommand: false,
    quorum: 1,
    forkDelayMs: 0,
    terminateDelayMs: 0,
  }),
  close(process, config, parser) {
    if (process.process === undefined) parser.error(`track process '${process.name}' process name not specified`)
    else config.trackProcesses.push(process)
  },
})
