import type { Outcome } from '../../../control/protocol/api.js'
import { keywordList } from '../../../keepalived/config/keyword-list.js'
import { print } from '../../command.js'
import { word } from '../../option.js'
import type { UvsCommand } from '../command.js'
import { readOptions } from '../options/read-options.js'
import { checkNamed } from './check-file.js'
import { hostSurroundings } from './host-surroundings.js'

const JSON_OUT = { flags: ['--json'], help: 'one JSON object' }

export const keepalived: UvsCommand = {
  name: 'keepalived',
  help: `Reads keepalived.conf as keepalived 2.2 does, and says what is wrong with it. No director is asked.
check: FILE:LINE: error|warning|…: what is wrong; what is allowed; - is standard input. Status as \`keepalived -t\`: 0 nothing wrong (warnings do not
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
    return print(checkNamed(name!, surroundings, given.has('--json')))
  },
}

/** `BLOCK KEYWORD TAKES`, then default and whether uvs does it; of one block, or of all. */
export function showKeywords(block: string | undefined): Outcome {
  const shown = keywordList().filter(({ within }) => block === undefined || within === block)
  if (shown.length === 0) {
    const known = [...new Set(keywordList().map(({ within }) => within))]
    return { status: 1, out: '', err: `uvs keepalived: no block '${block}': ${known.join(', ')}\n` }
  }
  const lines = shown.map(({ within, name, takes, initial, unsupported, isOfUvs }) => {
    const own = isOfUvs && "uvs's own: keepalived does not know it"
    const notes = [initial && `default ${initial}`, own, unsupported && `not done: ${unsupported}`].filter(Boolean)
    return `${within}: ${name} ${takes}${notes.length > 0 ? `  (${notes.join('; ')})` : ''}`
  })
  return { status: 0, out: `${lines.join('\n')}\n`, err: '' }
}
