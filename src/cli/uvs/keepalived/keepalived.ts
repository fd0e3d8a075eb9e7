import type { Outcome } from '../../../control/protocol/api.js'
import { keywordList } from '../../../keepalived/config/keyword-list.js'
import { readConfig } from '../../../keepalived/config/read-config.js'
import { formatMessage, type Message } from '../../../keepalived/config/report.js'
import type { Surroundings } from '../../../keepalived/config/surroundings.js'
import { print } from '../../command.js'
import { jsonDocument } from '../../json.js'
import { word } from '../../option.js'
import type { UvsCommand } from '../command.js'
import { readOptions } from '../options/read-options.js'
import { hostSurroundings, readPath } from './host-surroundings.js'

const JSON_OUT = { flags: ['--json'], help: 'one JSON object' }

export const keepalived: UvsCommand = {
  name: 'keepalived',
  help: `Reads keepalived.conf as keepalived 2.2 does, and says what is wrong with it. No director is asked.
check: FILE:LINE: error|warning|…: what is wrong; what is allowed. Status as \`keepalived -t\`: 0 nothing wrong (warnings do not
count: what uvs does not do is one), 5 errors, 6 scripts without enable_script_security or a file that must be there, 2 a keyword
without its word; and 1 for a FILE that cannot be read. keywords: what is known, with its range and default, and what uvs does not do. docs/keepalived.md has the rest.`,
  forms: [
    {
      words: [word('check'), { value: 'FILE', is: 'file' }],
      options: [
        {
          flags: ['-i', '--config-id'],
          value: 'ID',
          help: "what @ID lines are compared with; default the host's name",
        },
        { flags: ['--interface'], value: 'IF', is: 'interface', help: 'counts as there', repeatable: true },
        JSON_OUT,
      ],
    },
    { words: [word('keywords'), { value: 'BLOCK', optional: true }], options: [] },
  ],
  async run(args) {
    const given = readOptions(keepalived, args)
    const [what, name] = given.words
    if (what === 'keywords') return print(showKeywords(name))
    const id = given.one('-i')
    const surroundings = hostSurroundings({ ...(id !== undefined && { id }), interfaces: given.all('--interface') })
    return print(whyNotFile(name!) ?? checkFile(name!, surroundings, given.has('--json')))
  },
}

/** keepalived takes a FILE that it cannot read for an empty one; who asks for a check of it would be deceived. */
function whyNotFile(file: string): Outcome | undefined {
  const found = readPath(file)
  if (found.kind === 'file') return undefined
  const why = found.kind === 'directory' ? 'it is a directory' : found.why
  return { status: 1, out: '', err: `uvs keepalived: '${file}': ${why}\n` }
}

/** Messages on standard error, as keepalived has them; as JSON on standard output. */
export function checkFile(file: string, surroundings: Surroundings, asJson: boolean): Outcome {
  const { messages, status } = readConfig(file, surroundings)
  if (asJson) return { status, out: jsonDocument('messages', messages.map(flat)), err: '' }
  return { status, out: '', err: messages.map(message => `${formatMessage(message)}\n`).join('') }
}

function flat({ place, ...message }: Message): object {
  return { ...place, ...message }
}

/** `BLOCK KEYWORD TAKES`, then default and whether uvs does it; of one block, or of all. */
export function showKeywords(block: string | undefined): Outcome {
  const shown = keywordList().filter(({ within }) => block === undefined || within === block)
  if (shown.length === 0) {
    const known = [...new Set(keywordList().map(({ within }) => within))]
    return { status: 1, out: '', err: `uvs keepalived: no block '${block}': ${known.join(', ')}\n` }
  }
  const lines = shown.map(({ within, name, takes, initial, unsupported }) => {
    const notes = [initial && `default ${initial}`, unsupported && `not done: ${unsupported}`].filter(Boolean)
    return `${within}: ${name} ${takes}${notes.length > 0 ? `  (${notes.join('; ')})` : ''}`
  })
  return { status: 0, out: `${lines.join('\n')}\n`, err: '' }
}
