import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { AddressRecord, parseRecord, recordPrefix } from '../../../src/keepalived/vrrp-host/address-record.js'
import { takeLeftAddresses } from '../../../src/keepalived/vrrp-host/left-addresses.js'
import { interfaceInfo } from '../../../src/linux/interface.js'
import { identify } from '../../../src/linux/process-id.js'
import { addAddress, type ChangedAddress, removeAddress } from '../../../src/linux/rtnetlink/change-address.js'
import { parseIpv4 } from '../../../src/wire/addr.js'
import { ip, ownNetwork, veth } from '../../linux/own-network.js'
import { tempDir } from '../../support/temp.js'

const skip = ownNetwork()
const shown = (): string[] => ip('-4 -o addr show dev v0').match(/inet \S+/g) ?? []

function address(text: string, more: Partial<ChangedAddress> = {}): ChangedAddress {
  const [addr = '', prefix = ''] = text.split('/')
  return { ifindex: interfaceInfo('v0').index, addr: parseIpv4(addr)!, prefix: Number(prefix), ...more }
}

t.test('the file names what this process may have put on interfaces', { skip }, async t => {
  veth('v0', 'v1')
  const directory = tempDir(t)
  const record = new AddressRecord(directory, line => t.fail(line))
  const path = join(directory, `${recordPrefix()}${process.pid}.json`)
  const [one, two] = [address('192.0.2.100/24'), address('192.0.2.101/32', { peer: parseIpv4('192.0.2.9')! })]
  const held = (): readonly ChangedAddress[] => parseRecord(readFileSync(path, 'utf8')).addresses
  record.before([{ isAdded: true, address: one }, { isAdded: true, address: two }]) // prettier-ignore
  t.strictSame(held(), [one, two])
  t.strictSame(parseRecord(readFileSync(path, 'utf8')).process, identify(process.pid))
  record.after([{ isAdded: true, address: one }, { isAdded: true, address: two }]) // prettier-ignore
  t.strictSame(held(), [one, two])
  record.before([{ isAdded: false, address: one }, { isAdded: true, address: one }]) // prettier-ignore
  record.after([{ isAdded: false, address: one }, { isAdded: true, address: one }]) // prettier-ignore
  t.strictSame(held(), [one, two], 'the last word counts')
  record.before([{ isAdded: false, address: two }])
  t.strictSame(held(), [one, two], 'until the kernel has taken it off')
  record.after([{ isAdded: false, address: two }])
  t.strictSame(held(), [one])
  record.close()
  t.strictSame(readdirSync(directory), [])
})

t.test('the next start takes off what a killed one has left', { skip }, async t => {
  const directory = tempDir(t)
  const left = (pid: number, start: string, addresses: string[], cookie?: string): string => {
    const path = join(directory, `${recordPrefix()}${pid}.json`)
    const index = interfaceInfo('v0').index
    writeFileSync(
      path,
      JSON.stringify({ cookie, process: { pid, start }, addresses: addresses.map(a => `${index} ${a}`) }),
    )
    return path
  }
  const all = ['192.0.2.100/24', '192.0.2.102/32', '192.0.2.103/24', '192.0.2.104/24', '192.0.2.105/24']
  // The first one of its network: with it the kernel takes the others off, too.
  addAddress(address('192.0.2.1/24'))
  for (const text of all) addAddress(address(text))
  addAddress(address('192.0.2.101/32', { peer: parseIpv4('192.0.2.9')! }))
  const killed = left(process.pid, '1', [
    '192.0.2.100/24',
    '192.0.2.101/32 192.0.2.9',
    '192.0.2.102/24',
    '192.0.2.104/24',
    '198.51.100.1/24',
  ])
  const { pid, start } = identify(process.ppid)!
  left(pid, start, ['192.0.2.103/24', '192.0.2.104/24'])
  const elsewhere = left(4_194_303, '2', ['192.0.2.105/24'], '1')
  const told: string[] = []
  takeLeftAddresses(directory, line => told.push(line))
  t.strictSame(
    shown().map(text => text.split(' ')[1]),
    ['192.0.2.1/24', '192.0.2.102/32', '192.0.2.103/24', '192.0.2.104/24', '192.0.2.105/24'],
  )
  t.strictSame(told, [
    `192.0.2.100/24 is taken off: process ${process.pid} was killed, and left it`,
    `192.0.2.101/32 is taken off: process ${process.pid} was killed, and left it`,
  ])
  t.notOk(existsSync(killed))
  t.notOk(existsSync(elsewhere), 'of a namespace that is gone')
  takeLeftAddresses(directory, line => t.fail(line))
  t.equal(shown().length, 5)
  for (const text of all) removeAddress(address(text))
})

t.test('a file that AddressRecord has not written changes nothing', { skip }, async t => {
  const directory = tempDir(t)
  addAddress(address('192.0.2.100/24'))
  const path = join(directory, `${recordPrefix()}1.json`)
  const addresses = [`${interfaceInfo('v0').index} 192.0.2.100/24`]
  const process = { pid: 4_194_303, start: '2' }
  for (const [text, why] of [
    ['', /JSON/],
    ['null', /process is none/],
    [JSON.stringify({ process, addresses: {} }), /addresses is no list/],
    [JSON.stringify({ process: { pid: 'x', start: '2' }, addresses }), /process is none/],
    [JSON.stringify({ cookie: 1, process, addresses }), /cookie is no text/],
    [JSON.stringify({ process, addresses: [...addresses, '1 192.0.2.100/33'] }), /'1 192.0.2.100\/33' is no address/],
    [JSON.stringify({ process, addresses: [...addresses, '1 192.0.2.100/24 x'] }), /is no address/],
  ] as const) {
    writeFileSync(path, text)
    const told: string[] = []
    takeLeftAddresses(directory, line => told.push(line))
    t.match(told, [why], text)
    t.match(told[0], /is not looked at/)
  }
  writeFileSync(path, JSON.stringify({ process, addresses }))
  chmodSync(path, 0o666)
  const told: string[] = []
  takeLeftAddresses(directory, line => told.push(line))
  t.match(told, [/can be written by others/], 'others may have written it')
  t.match(shown(), ['inet 192.0.2.1/24', 'inet 192.0.2.100/24'])
  takeLeftAddresses(join(directory, 'none'), line => t.fail(line))
})

t.test('a directory where no file may be is told of once', { skip }, async t => {
  const told: string[] = []
  const record = new AddressRecord('/proc', line => told.push(line))
  record.before([{ isAdded: true, address: address('192.0.2.100/24') }])
  record.before([{ isAdded: true, address: address('192.0.2.101/24') }])
  t.match(told, [/^virtual addresses would stay after kill -9: /])
})
