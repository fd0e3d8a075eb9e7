import { keywordList } from '../../../src/keepalived/config/keyword-list.js'
import { mutated, randomNumbers } from '../../keepalived/config/mutations.js'
import { recordedCases } from '../../keepalived/config/recorded-cases.js'
import { CONTEXTS, VALUES } from './keyword-contexts.js'

/** Files beside a case, and what the real one takes long for, are left out. */
const cases = recordedCases().filter(({ name, files, text }) => !files && text.length < 4000 && !/-self/.test(name))
const lines = [...new Set(cases.flatMap(({ text }) => text.split('\n')))]
const keywords = keywordList().filter(({ within, isOfUvs }) => Object.hasOwn(CONTEXTS, within) && !isOfUvs)

/** A configuration drawn from seed and index: a recorded one with one to three changes, or a keyword with a value in its block. */
export function generateConfig(seed: number, index: number): string {
  const random = randomNumbers(Math.imul(seed, 0x9e3779b1) ^ index)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
  if (random() < 0.4) {
    const { within, name } = pick(keywords)
    return CONTEXTS[within]!(`${name} ${pick(VALUES)}`.trimEnd())
  }
  let { text } = pick(cases)
  for (let times = Math.floor(random() * 3); times >= 0; times--) text = mutated(text, lines, random)
  return text
}
