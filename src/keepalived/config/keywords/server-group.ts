import { type AddressRange, rangeOf } from '../addresses.js'
import type { ConfigDraft } from '../draft.js'
import type { LogicalLine } from '../lines/logical-lines.js'
import { portOf, unsignedOf } from '../numbers.js'
import type { Keyword, Parser } from '../parser.js'
import type { VirtualServerGroup } from '../tree/virtual-server.js'

export const virtualServerGroup: Keyword<ConfigDraft> = {
  takes: '<NAME> { <ADDRESS|RANGE> [<PORT>] | fwmark <N> [inet|inet6] … }',
  takesAll: true,
  read(line, config, parser) {
    const group: VirtualServerGroup = { name: parser.needed(line), entries: [] }
    if (line.words.length > 2 || !parser.isBlockNext())
      parser.fatal(
        '*** Configuration line starting `***MISSING ***` is missing a parameter at word position 1',
        'write virtual_server_group NAME {, one word as name',
      )
    parser.eachLine(one => entry(one, group, parser))
    if (group.entries.length > 0) config.virtualServerGroups.push(group)
    else parser.error(`virtual server group ${group.name} has no entries - removing`)
  },
}

function entry(line: LogicalLine, group: VirtualServerGroup, parser: Parser): void {
  const [first = '', second, third] = line.words
  if (first === 'fwmark') {
    const text = parser.needed(line)
    const mark = unsignedOf(text, { least: 0, most: 4_294_967_295 }, parser)
    if (mark === undefined) parser.error(`(${group.name}): fwmark '${text}' must be in [0, 4294967295] - ignoring`)
    else group.entries.push({ kind: 'fwmark', mark, ...familyOf(third, parser) })
    return
  }
  const port = second === undefined ? 0 : portOf(second, parser)
  const range = rangeOf(first)
  if (port === undefined || range === 'address') {
    const on = second === undefined ? ' ' : ` /port/${second}`
    parser.error(
      `Invalid virtual server group IP address ${first}${on} - skipping`,
      'write ADDRESS PORT, A-B PORT or A/LENGTH PORT',
    )
  } else if (typeof range === 'string') parser.error(BAD_RANGE[range](first))
  else add(range, port, group)
}

const BAD_RANGE = {
  order: (range: string) => `Address range end is not greater than address range start - ${range} - skipping`,
  end: (range: string) => `Virtual server group range '${range}' end '${range.split('-')[1]}' too large`,
  mask: (range: string) => `Address mask bits not empty - ${range} - skipping`,
}

function familyOf(text: string | undefined, parser: Parser): { family?: 4 | 6 } {
  if (text === 'inet') return { family: 4 }
  if (text === 'inet6') return { family: 6 }
  if (text !== undefined) parser.error(`unknown address family ${text}`, 'allowed: inet, inet6')
  return {}
}

function add(range: AddressRange, port: number, group: VirtualServerGroup): void {
  group.entries.push({ kind: 'addresses', range, port })
}
