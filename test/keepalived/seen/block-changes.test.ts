import t from 'tap'
import { readConfig } from '../../../src/keepalived/config/read-config.js'
import type { KeepalivedConfig } from '../../../src/keepalived/config/tree/config.js'
import { blockChanges } from '../../../src/keepalived/seen/block-changes.js'
import { recordedHost } from '../config/recorded-host.js'

const read = (text: string): KeepalivedConfig => readConfig('c.conf', recordedHost('c.conf', { text })).config!
const instance = (name: string, vrid: number): string =>
  `vrrp_instance ${name} {\ninterface eth0\nvirtual_router_id ${vrid}\nvirtual_ipaddress {\n192.0.2.${vrid}/24\n}\n}\n`
const BOTH = instance('A', 1) + instance('B', 2)
const group = (members: string, more = ''): string => `vrrp_sync_group G {\ngroup {\n${members}\n}\n${more}\n}\n`
const script = (name: string, interval: number, more = ''): string =>
  `vrrp_script ${name} {\nscript "/bin/true 1"\ninterval ${interval}\n${more}\n}\n`
const file = (path: string): string => `track_file tf {\nfile ${path}\nweight 2\n}\n`
const process = (name: string, quorum: number): string =>
  `vrrp_track_process p {\nprocess ${name}\nquorum ${quorum}\n}\n`

t.test('sync groups and scripts that come, go, stay', async t => {
  const before = read(group('A\nB') + BOTH + script('one', 1) + script('two', 1))
  t.strictSame(blockChanges(before, before), [])
  t.strictSame(blockChanges(before, read(script('three', 5) + script('two', 2, 'weight -3') + BOTH)), [
    { block: 'vrrp_sync_group', name: 'G', change: 'removed', settings: [{ keyword: 'group', was: 'A, B' }] },
    {
      block: 'vrrp_script',
      name: 'one',
      change: 'removed',
      settings: [
        { keyword: 'script', was: '/bin/true 1' },
        { keyword: 'interval', was: '1 s' },
        { keyword: 'weight', was: '0' },
      ],
    },
    {
      block: 'vrrp_script',
      name: 'three',
      change: 'added',
      settings: [
        { keyword: 'script', is: '/bin/true 1' },
        { keyword: 'interval', is: '5 s' },
        { keyword: 'weight', is: '0' },
      ],
    },
    {
      block: 'vrrp_script',
      name: 'two',
      change: 'changed',
      settings: [
        { keyword: 'interval', is: '2 s', was: '1 s' },
        { keyword: 'weight', is: '-3', was: '0' },
      ],
    },
  ])
})

t.test('what a group, a file and a process have', async t => {
  const before = read(group('A\nB') + BOTH + file('/tmp/one') + process('sleep 5', 1))
  const after = read(group('A\nB', 'notify /bin/true') + BOTH + file('/tmp/two') + process('sleep 7', 2))
  t.strictSame(blockChanges(before, after), [
    { block: 'vrrp_sync_group', name: 'G', change: 'changed', settings: [{ keyword: 'notify', is: 'any /bin/true' }] },
    {
      block: 'track_file',
      name: 'tf',
      change: 'changed',
      settings: [{ keyword: 'file', is: '/tmp/two', was: '/tmp/one' }],
    },
    {
      block: 'vrrp_track_process',
      name: 'p',
      change: 'changed',
      settings: [
        { keyword: 'quorum', is: '2', was: '1' },
        { keyword: 'process', is: 'sleep 7', was: 'sleep 5' },
      ],
    },
  ])
})
