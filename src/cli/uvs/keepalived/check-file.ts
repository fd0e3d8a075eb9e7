import type { Outcome } from '../../../control/protocol/api.js'
import { readConfig, type ReadConfig } from '../../../keepalived/config/read-config.js'
import { formatMessage, type Message } from '../../../keepalived/config/report.js'
import type { Surroundings } from '../../../keepalived/config/surroundings.js'
import { jsonDocument } from '../../json.js'

/** Says what is wrong with a keepalived.conf of this host; status 1 for a file that cannot be read: who asks would be deceived. */
export function checkNamed(file: string, surroundings: Surroundings, asJson = false): Outcome {
  const read = readConfig(file, surroundings)
  if (read.unread === undefined) return outcomeOf(read, asJson)
  return { status: 1, out: '', err: `uvs keepalived: '${file}': ${read.unread}\n` }
}

/** Messages on standard error, as keepalived has them; as JSON on standard output. */
export function checkFile(file: string, surroundings: Surroundings, asJson: boolean): Outcome {
  return outcomeOf(readConfig(file, surroundings), asJson)
}

function outcomeOf({ messages, status }: ReadConfig, asJson: boolean): Outcome {
  if (asJson) return { status, out: jsonDocument('messages', messages.map(flat)), err: '' }
  return { status, out: '', err: messages.map(message => `${formatMessage(message)}\n`).join('') }
}

function flat({ place, ...message }: Message): object {
  return { ...place, ...message }
}
