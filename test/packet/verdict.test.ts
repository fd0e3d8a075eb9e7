import t from 'tap'
import { sentAs, Verdict, verdictNames, VERDICTS } from '../../src/packet/verdict.js'

t.test('each verdict has a number and a name of its own', async t => {
  const verdicts = Object.values(Verdict)
  t.equal(new Set(verdicts).size, verdicts.length, 'numbers')
  t.equal(verdictNames.size, verdicts.length - 1, 'a name each, but for SENT, which is counted as what was sent')
  t.equal(verdictNames.has(Verdict.SENT), false)
  t.equal(new Set(verdictNames.values()).size, verdictNames.size, 'names')
})

t.test('a table of VERDICTS counters has a place for each', async t => {
  for (const [name, verdict] of Object.entries(Verdict)) {
    t.ok(Number.isInteger(verdict) && verdict >= 0 && verdict < VERDICTS, `${name}: ${verdict}`)
  }
})

t.test('PASS alone is 0: a step that returns it passes the packet on', async t => {
  t.strictSame(
    Object.entries(Verdict).filter(([, verdict]) => !verdict),
    [['PASS', 0]],
  )
})

t.test('what was sent has the caller’s verdict, what was not its own', async t => {
  t.equal(sentAs(Verdict.BALANCED, Verdict.SENT), Verdict.BALANCED)
  t.equal(sentAs(Verdict.BALANCED, Verdict.HELD), Verdict.HELD)
})

t.test('names are in lower case, words joined by hyphens, drops called so', async t => {
  t.equal(verdictNames.get(Verdict.DROP_IP_CHECKSUM), 'drop-ip-checksum')
  t.equal(verdictNames.get(Verdict.BALANCED), 'balanced')
  for (const [verdict, name] of verdictNames) {
    t.match(name, /^[a-z]+(-[a-z]+)*$/, name)
    t.equal(name.startsWith('drop-'), verdict >= 16, `${name}: ${verdict}`)
  }
})
