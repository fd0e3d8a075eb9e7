import t from 'tap'
import { BenchDirector, BROADCAST, CLIENT_MAC, fromClient, VIP } from '../../support/bench-director.js'
import { tcp4, udp4 } from '../../support/frames.js'

const bench = (): BenchDirector => {
  const made = new BenchDirector({ vips: ['10.99.1.101', '198.51.100.0/28'] })
  made.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
  return made
}

t.test('sources that no packet on a wire has are dropped, to us or through us', async t => {
  const sources: [string, string][] = [
    ['0.0.0.0', 'drop-source-invalid'],
    ['0.255.255.255', 'drop-source-invalid'],
    ['127.0.0.1', 'drop-source-invalid'],
    ['127.255.255.255', 'drop-source-invalid'],
    ['224.0.0.0', 'drop-source-invalid'],
    ['239.255.255.255', 'drop-source-invalid'],
    ['255.255.255.255', 'drop-source-invalid'],
    ['10.99.1.1', 'drop-source-is-ours'],
    ['10.99.2.1', 'drop-source-is-ours'],
    [VIP, 'drop-source-is-ours'],
    ['10.99.1.101', 'drop-source-is-ours'],
    ['198.51.100.15', 'drop-source-is-ours'],
    // The recorded kernel lets these pass (case host-addresses).
    ['1.0.0.0', ''],
    ['126.255.255.255', ''],
    ['128.0.0.0', ''],
    ['223.255.255.255', ''],
    ['240.0.0.5', ''],
    ['10.99.1.255', ''],
    ['198.51.100.16', ''],
  ]
  for (const [source, dropped] of sources)
    for (const [to, otherwise] of [
      [`${VIP}:80`, 'balanced'],
      ['10.99.2.11:80', 'forwarded'],
    ] as const)
      t.equal(bench().receive('c', tcp4(`${source}:1 > ${to}`, fromClient)), dropped || otherwise, `${source} to ${to}`)
})

t.test('destinations that are nobody’s are dropped', async t => {
  const destinations: [string, string][] = [
    ['0.0.0.0', 'drop-destination-invalid'],
    ['127.0.0.1', 'drop-destination-invalid'],
    ['127.255.255.255', 'drop-destination-invalid'],
    ['224.0.0.1', 'drop-broadcast'],
    ['239.255.255.255', 'drop-broadcast'],
    ['255.255.255.255', 'drop-broadcast'],
    ['10.99.1.255', 'drop-broadcast'],
    ['10.99.2.255', 'drop-broadcast'],
    // Forwarded by the recorded kernel (case host-addresses).
    ['0.1.2.3', 'forwarded'],
    ['240.1.1.1', 'forwarded'],
    ['10.99.3.255', 'forwarded'],
  ]
  for (const [destination, verdict] of destinations)
    t.strictSame(
      bench()
        .turn('c', tcp4(`10.99.1.10:1 > ${destination}:80`, fromClient))
        .slice(0, verdict === 'forwarded' ? 1 : 9),
      [verdict],
      destination,
    )
})

t.test('a network’s own address is a host, as in Linux since 5.14', async t => {
  t.equal(bench().receive('c', tcp4('10.99.1.10:1 > 10.99.2.0:80', fromClient)), 'held')
})

t.test('a bad source is told before a group destination', async t => {
  t.equal(
    bench().receive('c', udp4('0.0.0.0:68 > 255.255.255.255:67', { eth: `${CLIENT_MAC} > ${BROADCAST}` })),
    'drop-source-invalid',
  )
  t.equal(
    bench().receive('c', udp4('10.99.1.1:68 > 255.255.255.255:67', { eth: `${CLIENT_MAC} > ${BROADCAST}` })),
    'drop-broadcast',
  )
})
