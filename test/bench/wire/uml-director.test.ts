import t from 'tap'
import { natPlan } from '../../../native-free/lab-plan.js'
import { fetchUrl } from '../../../netns-lab/fetch-url.js'
import { NetnsLab } from '../../../netns-lab/netns-lab.js'
import { identify, isAlive } from '../../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../../netns-lab/requirements.js'
import { growPacketBuffers } from '../../../netns-lab/uml/packet-buffers.js'
import { whyNoUml } from '../../../netns-lab/uml/uml-kernel.js'
import { startUmlDirector } from '../../../bench/wire/uml-director.js'

const skip = (await whyNoNamespaces()) ?? whyNoUml() ?? false
const OCTETS = 2_000_000

for (const io of ['raw', 'tap'] as const) {
  t.test(`kernel IPVS balances in a lab, ${io}`, { skip, timeout: 230_000 }, async t => {
    const plan = { ...natPlan, servers: natPlan.servers.slice(0, 1) }
    const web = { bigOctets: OCTETS }
    const lab = await NetnsLab.build({ prefix: `uvs-uml-${process.pid}-`, plan, io, web })
    t.teardown(() => lab.remove())
    const { kernel, pid } = await startUmlDirector(lab, [['-A', '-u', `${plan.vip}:9`, '-s', 'sed']])

    const sockets = growPacketBuffers(pid, 1 << 20)
    const large = sockets.filter(octets => octets >= 16 << 20)
    t.equal(large.length, io === 'raw' ? sockets.length : 0, 'packet sockets with large buffers')
    t.ok(io === 'tap' || sockets.length >= 2)
    const again = growPacketBuffers(pid, 16 << 20)
    t.ok(
      again.every(octets => octets === 2 << 20),
      'the kernel doubles what it is told',
    ) // socket(7)

    const { bigPath } = lab.servers.get('rs1')!
    t.equal((await fetchUrl(lab, lab.url + bigPath)).octets, OCTETS)
    t.match(kernel.run('ipvsadm -Ln').out, /TCP +192.168.10.100:80 wrr\n +-> 172.16.20.100:80 +Masq/)
    t.match(kernel.run('ipvsadm -Ln').out, /UDP +192.168.10.100:9 sed/, 'rules beside the plan’s')
    t.match(kernel.run('ipvsadm -Lcn').out, /TCP .* 192.168.10.10:\d+ +192.168.10.100:80 +172.16.20.100:80/)

    const id = identify(pid)!
    t.ok(isAlive(id))
    await lab.remove()
    t.notOk(isAlive(id), 'it goes with the lab')
  })
}

t.test('what a kernel would miss is said in one line', async t => {
  const why = whyNoUml(['no-such-tool'])
  t.match(why, /^(user-mode-linux is not installed|not installed: .*no-such-tool)$/)
})
