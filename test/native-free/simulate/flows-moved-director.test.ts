import t from 'tap'
import { FlowDirector } from '../../../native-free/simulate/flows-moved-director.js'
import { NONE } from '../../../src/conn/record.js'
import { tcpStateNames } from '../../../src/conn/tcp-states.js'
import { localControl } from '../../../src/control/operations/execute.js'
import { parseIpv4 } from '../../../src/wire/addr.js'
import { carryOutRules } from '../../../src/cli/uvs/replay/begin-rules.js'
import { parsedLines } from '../../../src/cli/uvs/rules/parsed-rules.js'
import { ruleLines } from '../../../src/cli/uvs/rules/rules-file.js'

t.test('a flow that is opened is an established connection, by each method', async t => {
  const link = { name: 'eth0', mac: { hi: 0x0200, lo: 1 }, mtu: 1500 }
  for (const method of ['-m', '-g', '-i', '-b']) {
    const made = new FlowDirector([link], { addresses: [], routes: ['default=192.0.0.8@eth0'], seed: 1 })
    const laddr = method === '-b' ? '--add-laddr -z 10.3.0.1 -t 10.0.0.100:80\n' : ''
    const rules = `-A -t 10.0.0.100:80 -s rr\n-a -t 10.0.0.100:80 -r 10.2.0.1:80 ${method}\n${laddr}`
    await carryOutRules(localControl(made.director), parsedLines(ruleLines(rules, 'rules')), '')
    const [srcAddr, dstAddr] = [parseIpv4('10.1.0.7')!, parseIpv4('10.0.0.100')!]
    const outcome = made.open({ protocol: 6, srcAddr, srcPort: 40_000, dstAddr, dstPort: 80 })
    t.strictSame(outcome, { server: '10.2.0.1:80', verdict: 'balanced' }, method)
    const { conns } = made.director
    const conn = conns.table.lookupInbound(6, srcAddr, 40_000, dstAddr, 80)
    t.not(conn, NONE)
    t.equal(tcpStateNames[conns.stateOf(conn)], 'ESTABLISHED', method)
  }
})
