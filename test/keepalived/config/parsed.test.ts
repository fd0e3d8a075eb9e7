import t from 'tap'
import { readConfig } from '../../../src/keepalived/config/read-config.js'
import { dumpLines, isDumped } from './dump.js'
import { parsedCases, recordedCases } from './recorded-cases.js'
import { recordedHost, type RecordedCase } from './recorded-host.js'

/* What a start of the real keepalived had parsed of the recorded configurations: the typed result holds the same values and defaults. */

const PLAIN = `vrrp_instance VI_1 {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority 100
    advert_int 1
    virtual_ipaddress {
        192.168.200.16
    }
}
`

const LAST_LINE = '   Notify priority changes = false'

function counted(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1)
  return counts
}

function dumped(recorded: Pick<RecordedCase, 'text' | 'files' | 'args'>): Map<string, number> {
  const { config } = readConfig('c.conf', recordedHost('c.conf', recorded))
  return counted(config ? dumpLines(config) : [])
}

const plain = dumped({ text: PLAIN })
const byName = new Map(recordedCases().map(recorded => [recorded.name, recorded]))
/** Flags that keepalived prints behind an address are not written here. */
const bare = (line: string): string => line.replace(/( scope \S+).*$/, '$1')

/**
 * Not what was configured: the log cut a long line; the numbers of this random range; vmac and ipvlan make interfaces; two processes
 * dumped; files that depend on the directory; a definition that refers to itself, which took the rest of the file with it.
 */
const LEFT_OUT =
  /^(lex-long-line-1000|pp-random-bad|inst-use_(vmac|ipvlan)-|glob-smtp_server-04|trackbfd|trackfile-0[89]|pp-def-self-brace)/

t.test('values and defaults of recorded starts', async t => {
  let compared = 0
  for (const { name, started, has = [], lacks = [] } of parsedCases()) {
    const recorded = byName.get(name)
    if (started === false || !recorded || LEFT_OUT.test(name)) continue
    // A recording that was cut short lacks its end.
    const isCut = lacks.includes(LAST_LINE) && !has.some(line => line.startsWith(LAST_LINE.slice(0, 26)))
    const ours = dumped(recorded)
    const [more, fewer] = [counted(has.map(bare)), counted(lacks.map(bare))]
    const wrong: string[] = []
    for (const line of new Set([...ours.keys(), ...more.keys(), ...fewer.keys()])) {
      if (!isDumped(line)) continue
      compared++
      const wanted = (plain.get(line) ?? 0) + (more.get(line) ?? 0) - (fewer.get(line) ?? 0)
      const found = ours.get(line) ?? 0
      if (isCut ? found < wanted : found !== wanted) wrong.push(`${found} for ${wanted}: ${line}`)
    }
    if (wrong.length > 0) t.fail(`${name}\n${wrong.join('\n')}\n${recorded.text}`)
  }
  t.ok(compared > 20_000, `${compared} lines`)
})
