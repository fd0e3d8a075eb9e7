import t from 'tap'
import { readConfig } from '../../../src/keepalived/config/read-config.js'
import { recordedLines } from './recorded-cases.js'
import { recordedHost } from './recorded-host.js'

/* Lines of virtual_routes: what `keepalived -t` 2.2.7 answers, its status and its first message about the line. */

const FATAL = (word: string, position: number): string => `is missing a parameter after keyword \`${word}\` at word position ${position}` // prettier-ignore
const CASES: readonly (readonly [line: string, status: number, message?: string])[] = [
  ['1 10.0.0.0/8 dev eth0', 0],
  ['0xff 10.0.0.0/8 dev eth0', 0],
  ['xresolve 10.0.0.0/8 dev eth0', 0],
  ['10.0.0.0/8 10.1.0.0/8 dev eth0', 0],
  ['throw 10.0.0.0/8 10.1.0.0/8 dev eth0', 0],
  ['7 default dev eth0', 0],
  ['1', 2, FATAL('1', 2)],
  ['+1', 2, FATAL('+1', 2)],
  ['0377', 2, FATAL('0377', 2)],
  ['src 192.168.100.1 1', 2, FATAL('1', 4)],
  ['unicast 10.0.0.0/8 local', 2, FATAL('local', 4)],
  ['256', 5, 'VRRP parsed invalid IP 256. skipping IP...'],
  ['08', 5, 'VRRP parsed invalid IP 08. skipping IP...'],
  ['0x100', 5, 'VRRP parsed invalid IP 0x100. skipping IP...'],
  ['unicast to 10.0.0.0/8 dev eth0', 5, 'VRRP parsed invalid IP to. skipping IP...'],
  ['local dev eth0', 5, 'VRRP parsed invalid IP dev. skipping IP...'],
  ['10.0.0.0/8 foo dev eth0', 5, 'VRRP parsed invalid IP foo. skipping IP...'],
  ['to foo dev eth0', 5, 'VRRP parsed invalid IP foo. skipping IP...'],
  ['10.0.0.0/33 dev eth0', 5, "number '33' outside range [0, 32]"],
  ['unicast 10.0.0.0/x dev eth0', 5, "invalid number 'x'"],
]

t.test('destinations and types of routes', async t => {
  for (const [line, status, message] of CASES) {
    const text = `vrrp_instance VI_1 {
interface eth0
virtual_router_id 5
virtual_ipaddress {
10.0.0.1
}
virtual_routes {
${line}
}
}
`
    const read = readConfig('c.conf', recordedHost('c.conf', { text }))
    t.equal(read.status, status, line)
    const said = read.messages.find(({ place, severity }) => place?.line === 8 && severity !== 'warning')?.text
    if (message === undefined) t.equal(said, undefined, line)
    else t.match(said, message, line)
  }
})

t.test('each word of routes and rules, with values good and bad', async t => {
  const cases = recordedLines()
  t.ok(cases.length > 950, `${cases.length} lines`)
  for (const [block, line, status, ...said] of cases) {
    const text = `vrrp_instance V {\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress {\n10.0.0.1\n}\n${block} {\n${line}\n}\n}\n`
    const read = readConfig('c.conf', recordedHost('c.conf', { text }))
    const found = read.messages.filter(({ place, severity }) => place?.line === 8 && severity !== 'warning')
    if (read.status !== status) t.equal(read.status, status, `${block}: ${line}`)
    // Of the whole file, told with the line that names one.
    const ours = found.map(message => message.text).filter(one => !one.startsWith('Non-existent interface'))
    if (ours.join('\n') !== said.join('\n')) t.strictSame(ours, said, `${block}: ${line}`)
  }
})
