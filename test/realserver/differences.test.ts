import t from 'tap'
import { identify } from '../../src/linux/process-id.js'
import { differences } from '../../src/realserver/differences.js'
import { type StartRequest, startRealServer } from '../../src/realserver/start.js'
import { StateFile } from '../../src/realserver/state-file.js'
import { tempDir } from '../support/temp.js'
import { FakeHost } from './fake-host.js'

const VIP = '192.168.159.100'
const conf = (name: string): string => `net/ipv4/conf/${name}`

async function started(t: Pick<typeof import('tap').t, 'teardown'>, more: Partial<StartRequest> = {}) {
  const host = new FakeHost()
  host.ipip = 'module'
  host.sysctls.set(`${conf('all')}/rp_filter`, '1')
  const files = new StateFile(tempDir(t), '7')
  const request = { vips: [VIP], tunnel: true, userspace: false, interfaces: ['eth0'], guePort: undefined, ...more }
  const start = () => startRealServer(request, host, files)
  const { state } = await start()
  host.done.length = 0
  return { host, state, start }
}

t.test('each difference is named, and put right by the same start, which says that it was not so', async t => {
  const cases: [(host: FakeHost) => void, string[]][] = [
    [host => host.links.get('lo')!.addresses.pop(), [`${VIP} is not on lo`]],
    [host => (host.links.get('lo')!.up = false), ['lo is down']],
    [host => host.sysctls.set(`${conf('lo')}/arp_ignore`, '0'), ['arp_ignore of lo is 0, not 1']],
    [host => host.sysctls.set(`${conf('all')}/arp_announce`, '1'), ['arp_announce of all is 1, not 2']],
    [host => host.sysctls.set(`${conf('eth0')}/arp_ignore`, '0'), ['arp_ignore of eth0 is 0, not 1']],
    [host => host.sysctls.set(`${conf('tunl0')}/rp_filter`, '1'), ['rp_filter of tunl0 is 1, not 2']],
    [host => host.sysctls.set(`${conf('all')}/rp_filter`, '0'), ['rp_filter of tunl0 is 2, not 0']],
    [host => host.links.get('tunl0')!.addresses.pop(), [`${VIP} is not on tunl0`]],
    [host => (host.links.get('tunl0')!.up = false), ['tunl0 is down']],
    [host => host.links.delete('tunl0'), ['the device tunl0 is gone']],
  ]
  for (const [spoil, lines] of cases) {
    const { host, state, start } = await started(t)
    t.strictSame(differences(host, state), [])
    spoil(host)
    t.strictSame(differences(host, state), lines)
    t.strictSame(host.done, [], 'looking changes nothing')
    const { already, state: now } = await start()
    t.strictSame([already, differences(host, now)], [false, []], lines.join())
    t.match(await start(), { already: true })
  }
})

t.test('what is stricter is no difference, nor is an interface that is gone', async t => {
  const { host, state } = await started(t, { tunnel: false })
  host.sysctls.set(`${conf('lo')}/arp_ignore`, '8')
  host.links.delete('eth0')
  for (const knob of ['arp_ignore', 'arp_announce']) host.sysctls.delete(`${conf('eth0')}/${knob}`)
  t.strictSame(differences(host, state), [])
})

t.test('of a decapsulator: its device, and interfaces where tunnels end; of a dead one nothing', async t => {
  const { host, state } = await started(t, { tunnel: false })
  state.vips = { [VIP]: { tunnel: true } }
  state.way = 'userspace'
  t.strictSame(differences(host, state), [`nobody opens tunnels to ${VIP}`])
  const options = { interfaces: ['eth0', 'eth9'], vips: [VIP], guePort: 6080, device: 'uvs-rs' }
  state.decapsulator = { options, process: identify(process.pid)! }
  t.strictSame(differences(host, state), [
    'the interface eth9, where tunnels end, is gone',
    'the device uvs-rs is gone',
  ])
  host.addLink('uvs-rs', { up: true, kind: 'ether', addresses: [`${VIP}/32`] })
  t.strictSame(differences(host, state).slice(1), ['rp_filter of uvs-rs is 0, not 2'])
  state.decapsulator.process = { pid: 1, start: 'never' }
  t.strictSame(differences(host, state), [])
})
