import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import t from 'tap'
import type { CheckResult } from '../../../src/keepalived/checkers/check-result.js'
import { hostSockets } from '../../../src/keepalived/checkers/host-sockets.js'
import { prepareCheck } from '../../../src/keepalived/checkers/prepared-check.js'
import { TcpProber } from '../../../src/linux/tcp-prober.js'
import { tcpServer } from './servers.js'
import { TIMING } from './timing.js'

t.test('a TCP_CHECK is for the prober, whose owner looks', async t => {
  const server = await tcpServer(t, () => {})
  const prober = new TcpProber()
  const results: CheckResult[] = []
  const check = prepareCheck({ ...TIMING, kind: 'TCP_CHECK' }, { server, sockets: hostSockets }, prober, result =>
    results.push(result),
  )
  for (let round = 1; round < 3; round++) {
    check.begin(performance.now())
    t.equal(prober.size, 1)
    for (let i = 0; i < 3000 && results.length < round; i++) {
      prober.look(performance.now())
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }
  t.strictSame(results, [{ isUp: true }, { isUp: true }])
  check.begin(performance.now())
  check.giveUp()
  t.equal(prober.size, 0)
})

t.test('another has its own socket and timer, until it is given up', async t => {
  const silent = createSocket('udp4').bind(0, '127.0.0.1')
  t.teardown(() => silent.close())
  await once(silent, 'listening')
  const udp = {
    ...TIMING,
    connectTimeoutMs: 300,
    kind: 'UDP_CHECK',
    requireReply: true,
    minReplyLength: 0,
    maxReplyLength: 9,
  } as const
  const around = { server: silent.address(), sockets: hostSockets }
  const prober = new TcpProber()
  const results: CheckResult[] = []
  const check = prepareCheck(udp, around, prober, result => results.push(result))
  check.begin(performance.now())
  t.equal(prober.size, 0)
  for (let i = 0; i < 3000 && results.length === 0; i++) await new Promise(resolve => setTimeout(resolve, 10))
  t.strictSame(results, [{ isUp: false, why: 'no reply within 300 ms' }])
  check.begin(performance.now())
  await once(silent, 'message')
  check.giveUp()
  await new Promise(resolve => setTimeout(resolve, 500))
  t.equal(results.length, 1, 'no result of one that was given up')
})
