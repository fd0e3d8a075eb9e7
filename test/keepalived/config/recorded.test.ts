import t from 'tap'
import { readConfig } from '../../../src/keepalived/config/read-config.js'
import { formatMessage } from '../../../src/keepalived/config/report.js'
import { messagesOf, recordedCases } from './recorded-cases.js'
import { recordedHost } from './recorded-host.js'

/* Every configuration that the real `keepalived -t` was asked about: the same status, and at least its complaints. */

/** `user nobody` ends 2.2.7's -t by SIGTERM; nothing is wrong with it. */
const FINE_HERE: Record<string, number> = { 'script-user-01': 0, 'script-own-user': 6, 'misc-11': 0 }

/** Lines of more than 1023 octets are counted differently by keepalived's own passes; the other is a definition that refers to itself. */
const OTHER_WORDS = new Set(['lex-long-line-1100-comment', 'pp-def-self-brace'])

const cases = recordedCases()

t.test(`${cases.length} recorded configurations`, async t => {
  t.ok(cases.length > 1550)
  for (const recorded of cases) {
    const { name, status, output } = recorded
    const file = `${name}.conf`
    const read = readConfig(file, recordedHost(file, recorded))
    const isKilled = typeof status !== 'number' || status < 0
    const wanted = FINE_HERE[name] ?? (isKilled ? 5 : status)
    const shown = (): string => `${recorded.text}\n${read.messages.map(formatMessage).join('\n')}`
    if (read.status !== wanted) t.equal(read.status, wanted, `${name}: status\n${shown()}`)
    if (OTHER_WORDS.has(name)) continue
    for (const { line, text } of messagesOf(output)) {
      const isSaid = read.messages.some(
        found => (line === undefined || found.place?.line === line) && found.text.includes(text),
      )
      if (!isSaid) t.fail(`${name}: ${line ?? '-'}: ${text}\n${shown()}`)
    }
  }
})

t.test('nothing wrong: at most a warning is said', async t => {
  for (const recorded of cases.filter(({ status, output }) => status === 0 && output === '')) {
    const file = `${recorded.name}.conf`
    const { messages } = readConfig(file, recordedHost(file, recorded))
    const wrong = messages.filter(({ severity }) => severity !== 'warning' && severity !== 'note')
    if (wrong.length > 0) t.fail(`${recorded.name}: ${wrong.map(formatMessage).join('\n')}`)
  }
})
