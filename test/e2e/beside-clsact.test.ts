import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { ours } from '../../netns-lab/tools.js'
import { UmlKernel, whyNoUml } from '../../netns-lab/uml/uml-kernel.js'

/*
 * A director beside Linux 6.1 (user-mode-linux), which has no tcx: its programs hang at clsact, take what is balanced, forward flows, and
 * end with it. Client, director and real server are namespaces inside that kernel.
 */

const NODE = process.execPath
const MAIN = ours('src/cli/uvs/main.js')
const [DIP, VIP, RIP, CIP] = ['10.76.0.1', '10.76.0.100', '10.76.0.11', '10.76.0.10']
/** Every program of ours starts much slower there. */
const WITHIN_MS = 100_000
const OCTETS = 1_000_000

const NETWORK = `set -e
modprobe -d /run/uml -a veth bridge sch_ingress cls_bpf
ip link add br0 type bridge
ip link set br0 up
for name in client director rs; do
  ip netns add $name
  ip link add to-$name type veth peer name eth0 netns $name
  ip link set to-$name master br0 up
  ip -n $name link set eth0 up
  ip -n $name link set lo up
done
ip -n client addr add ${CIP}/24 dev eth0
ip -n director addr add ${DIP}/24 dev eth0
ip -n director addr add ${VIP}/32 dev eth0
ip -n rs addr add ${RIP}/24 dev eth0
ip -n rs route add ${CIP}/32 via ${DIP}
printf '%s\\n' '-A -t ${VIP}:80 -s rr' '-a -t ${VIP}:80 -r ${RIP}:80 -m' >/run/rules
ip netns exec rs ${NODE} ${ours('netns-lab/name-server.js')} rs 80 >/run/rs.log 2>&1 &
ip netns exec director ${NODE} ${ours('netns-lab/beside/host-services.js')} 23 22 80 >/run/host.log 2>&1 &
`
/** Starts a director; prints what it says until it is ready. */
const start = (options: string): string => `
: >/run/log
ip netns exec director ${NODE} ${MAIN} director --raw eth0 --control /run/uvs.sock --rules /run/rules ${options} >>/run/log 2>&1 &
echo $! >/run/pid
while kill -0 $! 2>/dev/null && ! grep -q ready /run/log; do sleep .1; done
cat /run/log
`
/** Ends it, and waits until it has gone. */
const end = (signal: string): string => `
kill -${signal} $(cat /run/pid)
while kill -0 $(cat /run/pid) 2>/dev/null; do sleep .1; done
`
const ask = (what: string): string => `ip netns exec client curl -s -m 20 http://${what}`

const skip = whyNoUml(['curl', 'tc', 'grep', 'sleep', 'cat', 'ln', 'mkdir', 'mount', 'stty']) ?? false
t.test('beside a kernel without tcx', { skip, timeout: 230_000 }, async t => {
  const dir = mkdtempSync(join(tmpdir(), 'uvs-clsact-'))
  const kernel = UmlKernel.boot(() => ({ dir, mebibytes: 512, interfaces: [] }))
  t.teardown(() => {
    kernel.down()
    rmSync(dir, { recursive: true, force: true })
  })
  const said = (script: string): string => {
    const { status, out, err } = kernel.run(script, WITHIN_MS)
    return status === 0 ? out.trim() : `status ${status}: ${out}${err}`
  }
  const kernelAnswers = (when: string, ...asked: string[]): void => {
    for (const at of asked) t.equal(said(ask(at)), 'kernel', `${at}, ${when}`)
  }
  t.match(said('uname -r'), /^6\.1\./)
  t.equal(said(NETWORK), '')

  t.match(said(start('--offload 1')), /^uvs director: ready on eth0 \([^\n]*, beside the kernel\)[^\n]*$/)
  t.match(said('tc -n director filter show dev eth0 ingress'), /handle 0x757673 .* direct-action/)
  t.equal(said(`until ${ask(`${VIP}/`)}; do sleep .1; done`), 'rs', 'balanced')
  t.equal(said(`${ask(`${VIP}/octets/${OCTETS}`)} -o /dev/null -w '%{size_download}'`), String(OCTETS))
  const { offload } = JSON.parse(said(`${NODE} ${MAIN} offload --json --control /run/uvs.sock`))
  t.ok(offload.counts.packets > 50, `${offload.counts.packets} packets were forwarded by the program`)
  kernelAnswers('beside it', `${DIP}:22`, `${VIP}:22`)
  said(end('KILL'))
  kernelAnswers('after kill -9', VIP, `${VIP}:22`)

  t.match(said(start('--workers 2')), /^uvs director: ready on eth0 [^\n]*$/, 'another one, with workers')
  t.equal(said(ask(VIP)), 'rs', 'balanced again')
  said(end('TERM'))
  kernelAnswers('after a stop', VIP)
  t.notMatch(said('tc -n director qdisc show dev eth0'), /clsact/, 'nothing is left behind')
})
