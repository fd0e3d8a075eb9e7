import { LAB_MODES, type LabMode } from '../../../../native-free/lab-plan.js'
import type { Peer } from '../../../../netns-lab/ha/ha-plan.js'
import type { Io, LabRequest } from '../../../../netns-lab/lab-request.js'
import { UsageError } from '../../../director/options.js'
import { type Form, type Option, type Word, word } from '../../option.js'
import type { Given } from '../options/read-options.js'

const JSON_FILE: Option = { flags: ['--json'], value: 'FILE', is: 'file', help: 'the figures, for programs' }

const io = (...choices: Io[]): Option => ({
  flags: ['--io'],
  value: choices.join('|'),
  choices,
  help: 'what the director holds its interfaces by; raw unless told',
})

const PEERS = ['uvs', 'keepalived'] as const satisfies readonly Peer[]
const PEER: Option = {
  flags: ['--peer'],
  value: PEERS.join('|'),
  choices: PEERS,
  help: 'of ha: what speaks VRRP on the second director; uvs unless told',
}

const SHORT: Option = { flags: ['--short'], help: 'of fleet: fewer downloads, and no cable is pulled' }

const mode: Word = word(...LAB_MODES)

export const LAB_FORMS: readonly Form[] = [
  { words: [mode], options: [io('raw', 'tap', 'sim'), JSON_FILE] },
  { words: [word('beside')], options: [JSON_FILE] },
  { words: [word('ha')], options: [PEER, JSON_FILE] },
  { words: [word('fleet')], options: [SHORT, JSON_FILE] },
  { words: [word('all')], options: [io('raw', 'tap'), JSON_FILE] },
  {
    words: [word('up'), { value: 'MODE', choices: [...LAB_MODES, 'beside', 'ha', 'fleet'], optional: true }],
    options: [io('raw', 'tap'), PEER],
  },
  { words: [word('exec'), { value: 'NAMESPACE' }, { value: 'COMMAND', repeatable: true, rest: true }], options: [] },
  { words: [word('down')], options: [] },
]

/** The options read by LAB_FORMS. */
export function labRequest(given: Given): LabRequest {
  const [verb, ...words] = given.words
  const json = given.one('--json')
  const asked = given.one('--io') as Io | undefined
  const options = json === undefined ? {} : { json }
  const device = asked === 'tap' ? 'tap' : 'raw'
  const peer = peerOf(given)
  switch (verb) {
    case 'all':
      return { do: 'all', io: device, ...options }
    case 'beside':
      return { do: 'beside', ...options }
    case 'ha':
      return { do: 'ha', peer, ...options }
    case 'fleet':
      return { do: 'fleet', isShort: given.has('--short'), ...options }
    case 'up':
      return up((words[0] as LabMode | 'beside' | 'ha' | 'fleet' | undefined) ?? 'nat', device, given)
    case 'exec':
      return { do: 'exec', space: words[0]!, command: words.slice(1) }
    case 'down':
      return { do: 'down' }
    default:
      return { do: 'demo', mode: verb as LabMode, ...(asked && { io: asked }), ...options }
  }
}

const peerOf = (given: Given): Peer => (given.one('--peer') as Peer | undefined) ?? 'uvs'

function up(mode: LabMode | 'beside' | 'ha' | 'fleet', io: 'raw' | 'tap', given: Given): LabRequest {
  if (!isLabMode(mode) && io === 'tap') throw new UsageError(`up ${mode}: --io raw only`)
  if (mode === 'ha') return { do: 'up', mode, peer: peerOf(given) }
  if (given.one('--peer') !== undefined) throw new UsageError(`up ${mode}: --peer is for ha only`)
  return mode === 'fleet' ? { do: 'up', mode } : { do: 'up', mode, io }
}

function isLabMode(mode: string): mode is LabMode {
  return (LAB_MODES as readonly string[]).includes(mode)
}
