import type { Outcome } from '../../../control/protocol/api.js'
import { readConfig } from '../../../keepalived/config/read-config.js'
import { formatMessage, type Message } from '../../../keepalived/config/report.js'
import type { Surroundings } from '../../../keepalived/config/surroundings.js'
import { jsonDocument } from '../../json.js'
import { readPath } from './host-surroundings.js'

/** Says what is wrong with a keepalived.conf of this host; status 1 for a file that cannot be read. */
export function checkNamed(file: string, surroundings: Surroundings, asJson = false): Outcome {
  return whyNotFile(file) ?? checkFile(file, surroundings, asJson)
}

/** keepalived takes a FILE that it cannot read for an empty one; who asks for a check of it would be deceived. */
function whyNotFile(file: string): Outcome | undefined {
  const why = whyUnread(file)
  return why === undefined ? undefined : { status: 1, out: '', err: `uvs keepalived: '${file}': ${why}\n` }
}

/** Why there is nothing to read; undefined: there is. */
export function whyUnread(file: string): string | undefined {
  const found = readPath(file)
  if (found.kind === 'file') return undefined
  return found.kind === 'directory' ? 'it is a directory' : found.why
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
