import t from 'tap'
import { planKeepalived } from '../../../../src/cli/uvs/rules/plan-keepalived.js'
import { UsageError } from '../../../../src/director/options.js'
import { sampleSeen } from '../../sample-seen.js'

t.test('a line a change, and what they come to', async t => {
  const { status, out, err } = await planKeepalived(sampleSeen(), '/etc/keepalived/keepalived.conf', false)
  t.equal(
    out,
    `- vrrp_instance VI_1 (interface eth0; virtual_router_id 51)
+ vrrp_instance VI_2 (interface eth0; virtual_router_id 52)
~ vrrp_instance VI_3 priority 150 (was 100)
~ vrrp_instance VI_3 nopreempt on
~ vrrp_instance VI_3 without track_script (was chk)
+ vrrp_sync_group G (group VI_2, VI_3)
~ vrrp_script chk interval 2 s (was 1 s)
~ -E -t 192.0.2.1:80 -s rr (was -s wrr; 7 connections)
~ -e -t 192.0.2.1:80 -r 10.0.0.2:80 -m -w 3 (was -w 1; 7 connections)
- -d -t 192.0.2.1:80 -r 10.0.0.3:80
3 changes, 14 connections; 3 vrrp_instances; 1 vrrp_sync_group; 1 vrrp_script
`,
  )
  t.equal(status, 0)
  t.equal(err, 'uvs plan: 10.0.0.9:80 of tcp 192.0.2.1:80 is not there: it is left alone\n')
})

t.test('a bad file, a director without one', async t => {
  await t.rejects(planKeepalived(sampleSeen(), '/bad.conf', false), new UsageError('/bad.conf: no good'))
  const none = {
    call: async () => ({ ok: false, refusal: 'EOPNOTSUPP', message: 'the director runs no keepalived.conf' }) as never,
  }
  await t.rejects(planKeepalived(none, 'a.conf', true), { message: /runs no keepalived/, constructor: Error })
})
