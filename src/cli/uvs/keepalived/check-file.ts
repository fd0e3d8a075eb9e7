import type { Outcome } from '../../../control/protocol/api.js'
import { readConfig, type ReadConfig } from '../../../keepalived/config/read-config.js'
import { type Message, shownLines } from '../../../keepalived/config/report.js'
import type { Surroundings } from '../../../keepalived/config/surroundings.js'
import { jsonDocument } from '../../json.js'
import { readText, Unreadable } from '../../read-text.js'

const STDIN = '-'
const LARGEST = 16 * 2 ** 20

/**
 * Says what is wrong with a keepalived.conf of this host, or with standard input, `-`; status 1 for what cannot be read: who asks would be
 * deceived.
 */
export function checkNamed(file: string, surroundings: Surroundings, asJson = false): Outcome {
  try {
    const read = readConfig(file, file === STDIN ? withStdin(surroundings) : surroundings)
    if (read.unread === undefined) return outcomeOf(read, asJson)
    return unreadable(`'${file}': ${read.unread}`)
  } catch (error) {
    if (error instanceof Unreadable) return unreadable(error.message)
    throw error
  }
}

function unreadable(why: string): Outcome {
  return { status: 1, out: '', err: `uvs keepalived: ${why}\n` }
}

/** `-`, the first time, is standard input; one of an include is a file. */
function withStdin(surroundings: Surroundings): Surroundings {
  const text = readText(STDIN, LARGEST)
  let isRead = false
  return {
    ...surroundings,
    read(path) {
      if (path !== STDIN || isRead) return surroundings.read(path)
      isRead = true
      return { kind: 'file', text }
    },
  }
}

/** Messages on standard error, as keepalived has them, up to a hundred; as JSON, all of them, on standard output. */
export function checkFile(file: string, surroundings: Surroundings, asJson: boolean): Outcome {
  return outcomeOf(readConfig(file, surroundings), asJson)
}

function outcomeOf({ messages, status }: ReadConfig, asJson: boolean): Outcome {
  if (asJson) return { status, out: jsonDocument('messages', messages.map(flat)), err: '' }
  const lines = shownLines(messages, '--json shows them')
  return { status, out: '', err: lines.map(line => `${line}\n`).join('') }
}

function flat({ place, ...message }: Message): object {
  return { ...place, ...message }
}
