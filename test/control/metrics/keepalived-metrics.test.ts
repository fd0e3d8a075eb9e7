import { execFileSync, spawnSync } from 'node:child_process'
import t from 'tap'
import { keepalivedMetrics } from '../../../src/control/metrics/keepalived-metrics.js'
import type { Control } from '../../../src/control/protocol/api.js'
import { sampleSeen } from '../../cli/sample-seen.js'
import { BenchDirector } from '../../support/bench-director.js'

const noPromtool = spawnSync('promtool', ['--version']).status === 0 ? false : 'there is no promtool (prometheus)'

async function textOf(control: Control): Promise<string> {
  return Buffer.concat(await keepalivedMetrics(control)).toString()
}

t.test('what checks say, and virtual routers', async t => {
  const lines = (await textOf(sampleSeen())).split('\n')
  const service = 'protocol="tcp",service="10.1.1.1:80"'
  const router = 'vrrp_instance="VI_1",interface="eth0",vrid="51"'
  for (const line of [
    `uvs_virtual_server_up{${service}} 1`,
    `uvs_virtual_server_weight{${service}} 6`,
    `uvs_virtual_server_quorum{${service}} 4`,
    `uvs_virtual_server_sorry_server_in_use{${service}} 0`,
    `uvs_real_server_healthy{${service},real_server="10.1.2.2:80"} 1`,
    `uvs_check_up{${service},real_server="10.1.2.1:80",check="FILE_CHECK",number="2"} 1`,
    'uvs_virtual_server_up{protocol="fwm",service="7"} 1',
    'uvs_virtual_server_up{protocol="tcp",service="G"} 1',
    `uvs_vrrp_state{${router},state="MASTER"} 1`,
    `uvs_vrrp_state{${router},state="BACKUP"} 0`,
    `uvs_vrrp_priority{${router}} 100`,
    `uvs_vrrp_transitions_total{${router}} 2`,
    `uvs_vrrp_adverts_heard_total{${router}} 0`,
    `uvs_vrrp_refused_adverts_total{${router},reason="ttl"} 1`,
    `uvs_vrrp_refused_adverts_total{${router},reason="checksum"} 0`,
    'uvs_vrrp_unclaimed_packets_total{reason="unknown-vrid"} 1',
    'uvs_vrrp_script_good{script="chk"} 0',
  ])
    t.ok(lines.includes(line), line)
  const unknown = /^uvs_(real_server_healthy|check_up)\{protocol="fwm",service="7",real_server="10\.1\.2\.3:80"/m
  t.notMatch(lines.join('\n'), unknown, 'what is not known is neither up nor down')
  t.notMatch(lines.join('\n'), /uvs_vrrp_script_good\{script="slow"/)
})

t.test('nothing of a director without --keepalived; any other refusal is an error', async t => {
  t.equal(await textOf(new BenchDirector().control), '')
  const lost: Control = { call: async () => ({ ok: false, refusal: 'EPROTO', message: 'not today' }) }
  await t.rejects(keepalivedMetrics(lost), { message: 'not today' })
})

t.test('a server that a configuration names twice is one sample', async t => {
  const control = sampleSeen()
  const twice: Control = {
    async call(request) {
      const reply = await control.call(request)
      if (reply.ok && request.op === 'health')
        for (const { servers } of (reply.value as { services: { servers: object[] }[] }).services)
          servers.push(...servers)
      return reply
    },
  }
  const lines = (await textOf(twice)).split('\n')
  t.equal(new Set(lines).size, lines.length)
})

t.test('promtool finds nothing amiss', { skip: noPromtool }, async t => {
  const input = await textOf(sampleSeen())
  t.equal(execFileSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8', stdio: 'pipe' }), '')
})
