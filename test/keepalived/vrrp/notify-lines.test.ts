import t from 'tap'
import type { NotifyEvent, State } from '../../../src/keepalived/vrrp/action.js'
import { notifyLine } from '../../../src/keepalived/vrrp/notify-lines.js'
import { notifyMail } from '../../../src/keepalived/vrrp/notify-mail.js'
import { configOf } from './recording.js'

/* Lines and mails as keepalived 2.2.7 wrote them to a FIFO and sent them to a server, in a namespace. */

const text = (globals: string, more = ''): string => `global_defs {
  ${globals}
}
vrrp_sync_group VG_1 {
  group {
    VI_1
  }
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority 150
  virtual_ipaddress { 10.1.1.1 }
  ${more}
}
`
const notify = (event: NotifyEvent, of: 'INSTANCE' | 'GROUP' = 'INSTANCE') => ({
  kind: 'notify' as const,
  of,
  name: of === 'GROUP' ? 'VG_1' : 'VI_1',
  event,
  priority: of === 'GROUP' ? 0 : 150,
})
const priority = (state: State) => ({ kind: 'priority' as const, instance: 'VI_1', state, from: 150, to: 120 })

t.test('lines of a FIFO', async t => {
  const config = configOf(text(''))
  const events = ['BACKUP', 'MASTER', 'FAULT', 'STOP', 'MASTER_RX_LOWER_PRI'] as const
  t.strictSame(
    events.map(event => notifyLine(notify(event), config)),
    events.map(event => `INSTANCE "VI_1" ${event} 150`),
  )
  t.equal(notifyLine(notify('MASTER', 'GROUP'), config), 'GROUP "VG_1" MASTER 0')
  t.equal(notifyLine(priority('MASTER'), config), undefined)
  for (const told of [text('vrrp_notify_priority_changes on'), text('', 'notify_priority_changes on')]) {
    t.equal(notifyLine(priority('MASTER'), configOf(told)), 'INSTANCE "VI_1" MASTER_PRIORITY 120')
    t.equal(notifyLine(priority('BACKUP'), configOf(told)), 'INSTANCE "VI_1" BACKUP_PRIORITY 120')
    t.equal(notifyLine(priority('FAULT'), configOf(told)), undefined)
  }
})

t.test('a line of an instance that a reload removed', async t => {
  const none = { ...configOf(text('')), instances: [], syncGroups: [] }
  t.equal(notifyLine(notify('FAULT'), none, configOf(text(''))), 'INSTANCE "VI_1" FAULT 150')
  t.equal(notifyLine(notify('FAULT'), none, configOf(text('', 'notify_deleted'))), 'INSTANCE "VI_1" DELETED 150')
})

t.test('mails', async t => {
  const config = configOf(text('smtp_alert_vrrp on'))
  const mail = (event: NotifyEvent, of: 'INSTANCE' | 'GROUP' = 'INSTANCE') => notifyMail(notify(event, of), config)
  const no = '=> VRRP Instance is no longer owning VRRP VIPs <='
  t.strictSame(mail('MASTER'), {
    subject: 'VRRP Instance VI_1 - Entering MASTER state',
    body: '=> VRRP Instance is now owning VRRP VIPs <=',
  })
  t.strictSame(mail('BACKUP'), { subject: 'VRRP Instance VI_1 - Entering BACKUP state', body: no })
  t.strictSame(mail('FAULT'), { subject: 'VRRP Instance VI_1 - Entering FAULT state', body: no })
  t.strictSame(mail('MASTER', 'GROUP'), {
    subject: 'VRRP Group VG_1 - Entering MASTER state',
    body: '=> All VRRP group instances are now in MASTER state <=',
  })
  t.equal(mail('STOP'), undefined)
  t.equal(mail('MASTER_RX_LOWER_PRI'), undefined)
})

function subjects(told: string): (string | undefined)[] {
  const config = configOf(told)
  return [notify('MASTER'), notify('FAULT'), notify('MASTER', 'GROUP')].map(one => notifyMail(one, config)?.subject)
}

t.test('who wants mails', async t => {
  const instance = 'VRRP Instance VI_1 - Entering'
  const group = 'VRRP Group VG_1 - Entering MASTER state'
  t.strictSame(subjects(text('')), [undefined, undefined, undefined], 'nobody, unless it is said')
  t.strictSame(subjects(text('smtp_alert on')), [`${instance} MASTER state`, `${instance} FAULT state`, group])
  t.strictSame(subjects(text('smtp_alert on\nsmtp_alert_vrrp off')), [undefined, undefined, undefined])
  t.strictSame(subjects(text('smtp_alert on', 'smtp_alert off')), [undefined, undefined, group])
  t.strictSame(subjects(text('', 'smtp_alert')), [`${instance} MASTER state`, `${instance} FAULT state`, undefined])
  t.strictSame(subjects(text('no_email_faults\nsmtp_alert on')), [`${instance} MASTER state`, undefined, group])
})
