import t from 'tap'
import { uvsadm } from '../../../src/cli/uvsadm/run.js'
import type { ConnectionInfo, Protocol, RatesInfo, ServiceInfo, StatsInfo } from '../../../src/control/protocol/api.js'
import { connection, FakeControl, noRates, noStats } from '../../support/fake-control.js'
import { fakeNames } from '../../support/names.js'
import { readTranscript } from '../../support/transcript.js'

/* 06-traffic.txt holds listings of a director under load. Each is read back into what the director must have answered,
 * printed again, and must come out as recorded. */

const names = fakeNames()
const records = readTranscript('06-traffic.txt')

function protocolOf(text: string): Protocol {
  return text.toLowerCase() as Protocol
}

function endpointOf(text: string, protocol: Protocol): { address: string; port: number } {
  const [address = '', port = ''] = text.split(':')
  return { address, port: names.portNumber(port, protocol) ?? Number(port) }
}

type Column = 'weight' | 'upperThreshold' | 'lowerThreshold' | 'activeConns' | 'inactConns' | 'persistConns' | undefined

/** What a real server's columns are, by the option that asks for them. */
const COLUMNS: Record<string, Column[]> = {
  '': [undefined, 'weight', 'activeConns', 'inactConns'],
  '--thresholds': ['upperThreshold', 'lowerThreshold', 'activeConns', 'inactConns'],
  '--persistent-conn': ['weight', 'persistConns', 'activeConns', 'inactConns'],
}

/** Services of `-Ln`, with an option of COLUMNS or with `--exact` totals or rates: a line's five numbers are both. */
function servicesOf(listing: string, option = ''): ServiceInfo[] {
  const services: ServiceInfo[] = []
  let protocol: Protocol = 'tcp'
  for (const line of listing.split('\n')) {
    const [, prot, name = '', rest = ''] = /^(TCP |UDP | {2}->) (\S+:\d+)(.*)$/.exec(line) ?? []
    if (!prot) continue
    const words = rest.trim().split(/ +/)
    const [stats, rates] = words.length === 5 ? [statsOf(words), ratesOf(words)] : [noStats, noRates]
    if (prot.startsWith(' ')) {
      services
        .at(-1)
        ?.destinations.unshift({ ...destination, ...endpointOf(name, protocol), ...cells(words, option), stats, rates })
      continue
    }
    protocol = protocolOf(prot.trim())
    const [scheduler = '', , persistence] = words
    const settings = { scheduler, persistence: Number(persistence ?? 0), netmask: '255.255.255.255' }
    const key = { protocol, ...endpointOf(name, protocol) }
    services.push({ ...key, ...settings, onePacket: false, schedFlags: 0, stats, rates, destinations: [] })
  }
  return services
}

const destination = {
  method: 'masq',
  weight: 0,
  upperThreshold: 0,
  lowerThreshold: 0,
  activeConns: 0,
  inactConns: 0,
  persistConns: 0,
} as const

function cells(words: string[], option: string): Partial<Record<Exclude<Column, undefined>, number>> {
  return Object.fromEntries((COLUMNS[option] ?? []).flatMap((name, at) => (name ? [[name, Number(words[at])]] : [])))
}

function statsOf(words: string[]): StatsInfo {
  const [conns = 0, inPkts = 0, outPkts = 0, inBytes = 0, outBytes = 0] = words.map(Number)
  return { conns, inPkts, outPkts, inBytes, outBytes }
}

function ratesOf(words: string[]): RatesInfo {
  const [cps = 0, inPps = 0, outPps = 0, inBps = 0, outBps = 0] = words.map(Number)
  return { cps, inPps, outPps, inBps, outBps }
}

async function print(services: ServiceInfo[], ...args: string[]): Promise<string> {
  const control = new FakeControl()
  control.services = services.reverse() // the order does not matter: it is sorted
  return (await uvsadm(args, control, names)).out
}

t.test('ActiveConn, InActConn, PersistConn and thresholds are as recorded', async t => {
  for (const [option, count] of Object.entries({ '': 2, '--thresholds': 1, '--persistent-conn': 1 })) {
    const command = `-Ln ${option}`.trim()
    const listings = records.filter(record => record.command === `ipvsadm ${command}`)
    t.equal(listings.length, count, command)
    for (const { line, out } of listings)
      t.equal(await print(servicesOf(out, option), ...command.split(' ')), out, `line ${line}: ${command}`)
  }
})

t.test('--stats shortens what --exact prints in full, as recorded', async t => {
  const exact = records.filter(record => record.command === 'ipvsadm -Ln --stats --exact')
  const shortened = records.filter(record => record.command === 'ipvsadm -Ln --stats')
  t.match(exact.map(record => record.out).join(''), '652546091')
  for (const [at, { out, line }] of exact.entries()) {
    const services = servicesOf(out)
    t.equal(await print(services, '-Ln', '--stats', '--exact'), out, `line ${line}`)
    t.equal(await print(services, '-Ln', '--stats'), shortened[at]?.out, `line ${line}, short`)
  }
})

t.test('--rate prints what --rate --exact prints, as recorded', async t => {
  const listings = records.filter(record => record.command.startsWith('ipvsadm -Ln --rate'))
  t.equal(listings.length, 3)
  t.match(listings.map(record => record.out).join(''), '75163990')
  for (const { command, line, out } of listings)
    t.equal(await print(servicesOf(out), ...command.split(' ').slice(1)), out, `line ${line}: ${command}`)
})

/** Its last recorded output. */
function last(command: string): string {
  return records.findLast(record => record.command === command)?.out ?? ''
}

t.test('-Z zeroes all totals, -Z -t those of one service', async t => {
  const zeroed = last('ipvsadm -Ln --stats')
  const control = new FakeControl()
  control.services = servicesOf(last('ipvsadm -Ln --stats --exact'))
  await uvsadm(['-Z', '-u', '10.99.1.100:53'], control)
  const { out } = await uvsadm(['-Ln', '--stats', '-u', '10.99.1.100:53'], control)
  t.ok(zeroed.endsWith(out.split('\n').slice(2).join('\n')), 'one, as recorded')
  t.strictSame(await uvsadm(['-Z'], control), { status: 0, out: '', err: '' })
  t.equal((await uvsadm(['-Ln', '--stats'], control)).out, zeroed, 'all, as recorded')
})

t.test('rows of -Lcn and -Lc are as recorded, page after page', async t => {
  const rows = records.flatMap(record => record.out.match(/^(?:TCP|UDP) \d\d:\d\d .*$/gm) ?? [])
  t.ok(rows.length > 60)
  t.ok(rows.filter(row => / ASSURED /.test(row)).length >= 8, 'templates among them')
  for (const [flag, chosen] of [
    ['-Lcn', rows.filter(row => !/:[a-z]/.test(row))],
    ['-Lc', rows.filter(row => /:[a-z]/.test(row))],
  ] as const) {
    const control = new FakeControl()
    control.connections = chosen.map(connectionOf)
    const { out } = await uvsadm([flag], control, names)
    t.strictSame(out.split('\n').slice(2, -1), chosen, `${flag}: ${chosen.length} rows`)
  }
})

function connectionOf(row: string): ConnectionInfo {
  const [pro = '', expire = '', state = '', ...ends] = row.split(/ +/)
  const protocol = protocolOf(pro)
  const [minutes = 0, seconds = 0] = expire.split(':').map(Number)
  const [client = '', virtual = '', server = ''] = ends.map(text => {
    const { address, port } = endpointOf(text, protocol)
    return `${address}:${port}`
  })
  return connection(protocol, minutes * 60 + seconds, state, client, virtual, server)
}
