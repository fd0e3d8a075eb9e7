import t from 'tap'
import { readConfig } from '../../../src/keepalived/config/read-config.js'
import { mutated, randomNumbers, scrambled } from './mutations.js'
import { recordedCases } from './recorded-cases.js'
import { recordedHost } from './recorded-host.js'

/* Whatever a file holds: it is read in bounded time, nothing is thrown, and there is a status. */

const COUNT = 4000
/** Of the CPU; the slowest takes a tenth of it. */
const LONGEST_MS = 3000

const cases = recordedCases()
const others = [...new Set(cases.flatMap(({ text }) => text.split('\n')))]

t.test(`${COUNT} changed configurations`, async t => {
  const random = randomNumbers(20_16)
  for (let round = 0; round < COUNT; round++) {
    const recorded = cases[Math.floor(random() * cases.length)]!
    let text = recorded.text
    for (let times = Math.floor(random() * 5); times >= 0; times--) text = mutated(text, others, random)
    if (random() < 0.4) text = scrambled(text, random)
    const started = process.cpuUsage()
    try {
      const { status, messages, config } = readConfig('f.conf', recordedHost('f.conf', { ...recorded, text }))
      if (![0, 2, 5, 6].includes(status)) t.fail(`status ${status}\n${text}`)
      // keepalived ends without a word before what is fatal, where its namespace is missing.
      const isLost = messages.some(({ text: said }) => said.startsWith('there is no network namespace'))
      const isFatal = messages.some(({ severity }) => severity === 'fatal')
      if (isFatal && (isLost || config !== undefined)) t.fail(`fatal, and a configuration\n${text}`)
      if (!isFatal && !isLost && config === undefined) t.fail(`status ${status} and no configuration\n${text}`)
      if (messages.some(message => message.text.includes('undefined'))) t.fail(`undefined is said\n${text}`)
    } catch (error) {
      t.fail(`${String((error as Error).stack)}\n${text}`)
    }
    const took = process.cpuUsage(started).user / 1000
    if (took > LONGEST_MS) t.fail(`${took} ms\n${text}`)
  }
  t.pass('all were read')
})
