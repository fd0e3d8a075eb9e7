import t from 'tap'
import { uvsadm } from '../../../../src/cli/uvsadm/run.js'
import { FakeControl } from '../../../support/fake-control.js'
import { fakeNames } from '../../../support/names.js'

const RULES = [
  '-A -t 10.0.0.100:80 -s rr -p 300 -M 255.255.255.0',
  '-a -t 10.0.0.100:80 -r 10.0.0.1:8080 -m -w 3 -x 10 -y 5',
  '-a -t 10.0.0.100:80 -r 10.0.0.2:80 -i -w 1 --tun-type gre --tun-csum',
  '-A -t 10.0.0.101:80 -s sh -b sh-port --proxy-protocol v2',
  '--add-laddr -z 10.1.0.1 -t 10.0.0.101:80',
  '--add-laddr -z 10.1.0.2 -t 10.0.0.101:80',
  '-a -t 10.0.0.101:80 -r 10.0.0.1:8080 -b -w 1',
  '-A -t 10.0.0.102:80 -s mh -b flag-3',
  '-A -t 10.0.0.103:80 -s sh -b sh-port,flag-3',
  '-A -t 10.0.0.104:80 -s rr -b flag-1,flag-3',
  '-A -f 7 -s rr',
  '-a -f 7 -r 10.0.0.1:0 -g -w 1',
]

t.test('what is saved makes the same rules again', async t => {
  const control = new FakeControl()
  const names = fakeNames()
  for (const line of RULES) t.equal((await uvsadm(line.split(' '), control, names)).err, '', line)
  const { out } = await uvsadm(['-S', '-n'], control, names)
  t.strictSame(out.trimEnd().split('\n'), RULES)
})
