import t from 'tap'
import { failureKinds, readAb } from '../../netns-lab/load-tool.js'
import { snmpCounter } from '../../netns-lab/netns-lab.js'

const AB = `
Concurrency Level:      100
Time taken for tests:   0.314 seconds
Complete requests:      5000
Failed requests:        0
Total transferred:      735000 bytes
Requests per second:    15923.57 [#/sec] (mean)
Time per request:       6.280 [ms] (mean)

Percentage of the requests served within a certain time (ms)
  50%      6
  99%     12
 100%     15 (longest request)
`

t.test('ab’s report', async t => {
  t.strictSame(readAb(AB, 5000, ''), {
    answered: 5000,
    failed: 0,
    seconds: 0.314,
    requestsPerSecond: 15923.57,
    p99Ms: 12,
  })
})

t.test('what ab calls failed, or does not mention, has failed', async t => {
  const failed = AB.replace(
    'Failed requests:        0',
    'Failed requests:        7\n   (Connect: 0, Receive: 3, Length: 2, Exceptions: 2)',
  )
  t.match(readAb(failed, 5000, ''), { answered: 4993, failed: 7 })
  t.strictSame([failed, AB].map(failureKinds), ['Connect: 0, Receive: 3, Length: 2, Exceptions: 2', ''])
  const refused = AB.replace('Failed requests:        0', 'Failed requests:        0\nNon-2xx responses:      9')
  t.match(readAb(refused, 5000, ''), { answered: 4991, failed: 9 })
  t.match(readAb(AB.replace('requests:      5000', 'requests:      4000'), 5000, ''), { answered: 4000, failed: 1000 })
  t.throws(() => readAb('', 5000, 'apr_socket_recv: Connection refused (111)\n'), /^ab: apr_socket_recv: .*\)$/m)
})

t.test('a counter in /proc/net/snmp', async t => {
  const snmp = `Ip: Forwarding DefaultTTL InReceives
Ip: 2 64 1
Icmp: InMsgs InErrors InCsumErrors OutMsgs
Icmp: 5 0 1 5
Tcp: RtoAlgorithm InSegs InCsumErrors
Tcp: 1 30 20
Udp: InDatagrams InCsumErrors IgnoredMulti MemErrors
Udp: 4 300 0 0
`
  t.equal(snmpCounter(snmp, 'InCsumErrors'), 321)
  t.equal(snmpCounter(snmp, 'InSegs'), 30)
  t.equal(snmpCounter(snmp, 'ActiveOpens'), 0)
})
