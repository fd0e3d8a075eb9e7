import t from 'tap'
import { readWrk } from '../../netns-lab/wrk-report.js'

const report = `Running 2s test @ http://192.168.10.100/
  1 threads and 50 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   742.00us    1.09ms  24.24ms   97.06%
    Req/Sec    69.93k     4.27k   76.61k    85.00%
  Latency Distribution
     50%  612.00us
     75%  803.00us
     90%    1.05ms
     99%    4.51ms
  139652 requests in 2.00s, 23.97MB read
Requests/sec:  69812.34
Transfer/sec:     11.98MB
`

t.test('requests, and how long they took in µs', async t => {
  t.strictSame(readWrk(report), { requests: 139652, requestsPerSecond: 69812.34, p50: 612, p99: 4510 })
  const slow = report.replace('612.00us', '1.50s').replace('4.51ms', '1.10m')
  t.match(readWrk(slow), { p50: 1_500_000, p99: 66_000_000 })
})

t.test('without --latency there are no percentiles', async t => {
  const short = report.replace(/ {2}Latency Distribution\n( +\d+% .*\n)+/, '')
  t.strictSame(readWrk(short), { requests: 139652, requestsPerSecond: 69812.34 })
})

t.test('a report counts only if nothing failed', async t => {
  const errors = 'Socket errors: connect 0, read 3, write 0, timeout 0'
  t.throws(() => readWrk(`  ${errors}\n${report}`), { message: `wrk: ${errors}` })
  t.throws(() => readWrk(`  Non-2xx or 3xx responses: 4\n${report}`), /Non-2xx/)
  t.throws(() => readWrk(''), { message: 'wrk: no figure' })
})
