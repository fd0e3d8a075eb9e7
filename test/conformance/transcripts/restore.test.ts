import t from 'tap'
import { systemNames } from '../../../src/cli/uvsadm/options/names.js'
import { uvsadm } from '../../../src/cli/uvsadm/run.js'
import { BenchDirector } from '../../support/bench-director.js'
import { Kernel, whyNoKernel } from '../live/kernel.js'
import { comparable } from './comparable.js'
import { prepare } from './play-lines.js'

/* What one saves the other restores, and then saves the same. */

const RULES = `-A -t 10.99.1.100:80 -s wrr -p 600 -M 255.255.255.0
-a -t 10.99.1.100:80 -r 10.99.2.11:8080 -m -w 3
-a -t 10.99.1.100:80 -r 10.99.2.12:80 -g -w 0
-a -t 10.99.1.100:80 -r [2001:db8::12]:80 -i -w 5 --tun-type gre --tun-csum
-A -t 10.99.1.101:0 -s sh -b sh-port,sh-fallback -p 60
-A -u 10.99.1.100:53 -s rr -o
-a -u 10.99.1.100:53 -r 10.99.2.13 -i -w 2 --tun-type gue --tun-port 6080 --tun-remcsum
-A -u 10.99.1.100:5060 -s lblcr -p 300 --pe sip
-A --sctp-service 10.99.1.100:9 -s mh -b mh-port
-A -t [2001:db8::1]:443 -s rr -p 300 -M 64
-a -t [2001:db8::1]:443 -r [2001:db8::2]:8443 -m
-a -t [2001:db8::1]:443 -r 10.99.2.11 -i -w 7
-A -f 7 -s fo
-a -f 7 -r 10.99.2.11:0 -m -w 9
-A -f 7 -6 -s none
-a -f 7 -6 -r [2001:db8::3]:0 -m
`

async function restoredByUvs(rules: string): Promise<string> {
  const { control } = new BenchDirector()
  const names = systemNames()
  for (const line of rules.trimEnd().split('\n'))
    t.strictSame(await uvsadm(line.split(' '), control, names), { status: 0, out: '', err: '' }, line)
  return (await uvsadm(['-Sn'], control, names)).out
}

t.test('rules go from ipvsadm to uvsadm and back', { skip: whyNoKernel() ?? false, timeout: 230_000 }, async t => {
  const kernel = Kernel.boot()
  const restoredByKernel = (rules: string): string => {
    const { status, out, err } = kernel.run(`ipvsadm -C; ipvsadm -R <<'X'\n${rules}X\nipvsadm -Sn`)
    t.strictSame([status, err], [0, ''])
    return out
  }
  try {
    prepare(kernel)
    const byKernel = restoredByKernel(RULES)
    t.equal(byKernel.split('\n').length, RULES.split('\n').length, 'every line was taken')
    const byUvs = await restoredByUvs(byKernel)
    t.equal(byUvs, byKernel)
    t.equal(restoredByKernel(byUvs), byKernel)
    t.equal(await restoredByUvs(RULES), byKernel)
    const limited = '-A -t 10.99.1.100:80 -s wlc\n-a -t 10.99.1.100:80 -r 10.99.2.11:80 -m -w 1 -x 10 -y 5\n'
    t.equal(await restoredByUvs(limited), limited)
    t.equal(restoredByKernel(limited), comparable(limited), 'thresholds, which ipvsadm takes and does not save')
  } finally {
    kernel.down()
  }
})
