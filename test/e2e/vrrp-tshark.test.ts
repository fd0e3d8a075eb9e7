import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Ledger } from '../../netns-lab/ledger.js'
import { Namespaces } from '../../netns-lab/namespaces.js'
import { run } from '../../netns-lab/proc.js'
import { ours } from '../../netns-lab/tools.js'
import { sooner, whyNoLan } from './lan.js'
import { unhooked } from './unhooked.js'

/* What one router sends, from its start to its good-bye, as tshark sees it: adverts of each kind, gratuitous ARP on two interfaces. */

const KINDS = [
  'version 2',
  'version 2\n  authentication {\n    auth_type PASS\n    auth_pass secret\n  }',
  'version 2\n  authentication {\n    auth_type AH\n    auth_pass 1111\n  }',
  'version 3\n  advert_int 0.3',
  'version 3\n  unicast_peer {\n    10.83.0.2\n  }',
]
const instance = (kind: string, at: number): string => `vrrp_instance VI_${at} {
  interface eth0
  virtual_router_id ${50 + at}
  priority ${100 + at}
  ${kind}
  virtual_ipaddress {
    10.83.0.${100 + at}/24
    10.84.0.${100 + at}/24 dev eth1
  }
}
`

async function whyNot(): Promise<string | false> {
  const why = await whyNoLan()
  if (why !== false) return why
  for (const tool of ['tshark', 'tcpdump'])
    if ((await run('sh', ['-c', `command -v ${tool}`])).status !== 0) return `${tool} is not installed`
  return false
}

t.test('tshark finds nothing to warn of', { skip: await whyNot(), timeout: 230_000 }, async t => {
  const spaces = new Namespaces(await Ledger.open(`uvs-ts-${process.pid}-`))
  t.teardown(() => spaces.ledger.remove())
  for (const name of ['lb', 'peer']) await spaces.add(name)
  for (const [at, name] of ['eth0', 'eth1'].entries()) {
    await spaces.cable('lb', name, 'peer', name)
    await spaces.ip('lb', 'addr', 'add', `10.${83 + at}.0.1/24`, 'dev', name)
    await spaces.ip('peer', 'addr', 'add', `10.${83 + at}.0.2/24`, 'dev', name)
  }
  const path = (what: string): string => join(spaces.ledger.dir, what)
  const captures = ['eth0', 'eth1'].map(name =>
    spaces.start('peer', `dump-${name}`, 'tcpdump', ['-Uni', name, '-w', path(name), 'ip proto 112 or ah or arp']),
  )
  writeFileSync(path('conf'), KINDS.map(instance).join(''))
  const node = spaces.start('lb', 'lb', 'env', unhooked([ours('test/e2e/vrrp-node.js'), path('conf')]))
  const shown = async (name: string, ...more: string[]): Promise<string> =>
    (await run('tshark', ['-r', path(name), '-o', 'ip.check_checksum:TRUE', ...more])).out
  const holdsAll = async (): Promise<boolean> => {
    const out = await spaces.must('lb', 'ip', ['-4', '-o', 'addr'])
    return KINDS.every((_, at) => out.includes(`10.83.0.${100 + at}/`))
  }
  await sooner(holdsAll, 60_000)
  const arps = async (): Promise<number> => (await shown('eth1', '-Y', 'arp.isgratuitous')).split('\n').length - 1
  await sooner(async () => (await arps()) >= 5 * KINDS.length, 60_000)
  process.kill(node.pid, 'SIGTERM')
  await node.ended()
  const stopped = async (): Promise<boolean> =>
    (await shown('eth0', '-Y', 'vrrp.prio == 0')).split('\n').length - 1 === KINDS.length
  await sooner(stopped, 60_000)
  for (const capture of captures) process.kill(capture.pid, 'SIGTERM')
  for (const name of ['eth0', 'eth1']) {
    t.equal((await shown(name, '-q', '-z', 'expert')).trim(), '', `${name}: no expert has anything to say`)
    const all = await shown(name, '-V')
    t.notMatch(all, /\[incorrect|Malformed|unverified/)
  }
  const adverts = await shown('eth0', '-T', 'fields', '-e', 'vrrp.version', '-e', 'vrrp.auth_type', '-Y', 'vrrp')
  t.strictSame([...new Set(adverts.split('\n'))].sort(), ['', '2\t0', '2\t1', '2\t2', '3\t'])
})
