import t from 'tap'
import { notifyScripts } from '../../../src/keepalived/vrrp/notify-scripts.js'
import { configOf } from './recording.js'

const text = (more = ''): string => `vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority 150
  virtual_ipaddress { 10.1.1.1 }
  notify_master "/bin/echo master one"
  notify_master_rx_lower_pri "/bin/echo lower"
  notify "/bin/echo any"
  ${more}
}
vrrp_sync_group VG {
  group {
    VI_1
  }
  notify_stop "/bin/echo stop"
}
`
const config = configOf(text())
const of = (name: string, type: 'INSTANCE' | 'GROUP' = 'INSTANCE') => ({
  kind: 'notify' as const,
  of: type,
  name,
  priority: 150,
})
const words = (scripts: readonly { words: readonly string[] }[]): string[] =>
  scripts.map(script => script.words.slice(1).join(' '))

t.test('what runs for each event', async t => {
  const run = (event: 'MASTER' | 'BACKUP' | 'STOP' | 'MASTER_RX_LOWER_PRI'): string[] =>
    words(notifyScripts({ ...of('VI_1'), event }, config))
  t.strictSame(run('MASTER'), ['master one', 'any INSTANCE VI_1 MASTER 150'])
  t.strictSame(run('BACKUP'), ['any INSTANCE VI_1 BACKUP 150'])
  t.strictSame(run('MASTER_RX_LOWER_PRI'), ['lower'])
  t.strictSame(words(notifyScripts({ ...of('VG', 'GROUP'), event: 'STOP' }, config)), ['stop'])
  t.strictSame(notifyScripts({ ...of('VI_2'), event: 'MASTER' }, config), [])
})

t.test('an instance that a reload removed', async t => {
  const none = { ...config, instances: [], syncGroups: [] }
  const fault = { ...of('VI_1'), event: 'FAULT' as const }
  t.strictSame(words(notifyScripts(fault, none, config)), ['any INSTANCE VI_1 FAULT 150'])
  const deleted = configOf(text('notify_deleted'))
  t.strictSame(words(notifyScripts(fault, none, deleted)), ['any INSTANCE VI_1 DELETED 150'])
  const own = configOf(text('notify_deleted "/bin/echo gone"'))
  t.strictSame(words(notifyScripts(fault, none, own)), ['gone', 'any INSTANCE VI_1 DELETED 150'])
})
