import t from 'tap'
import { UnreachedServices } from '../../../../src/cli/uvs/director/unreached-services.js'
import { BenchDirector } from '../../../support/bench-director.js'
import { serviceSettings } from '../../../support/settings.js'

t.test('of a service on an address of the host itself it is told, once, that nobody reaches it', async t => {
  const told: string[] = []
  const control = new UnreachedServices(new BenchDirector().control, line => told.push(line))
  const settings = serviceSettings('rr')
  const add = (address: string) =>
    ({ op: 'add-service', service: { protocol: 'tcp', address, port: 80 }, settings }) as const
  for (const address of ['10.0.0.1', '127.0.0.1', '127.0.0.1']) await control.call(add(address))
  t.strictSame(told, [
    "127.0.0.1:80: nobody reaches a service of 127.0.0.0/8, and what this host's programs send there is dropped beside the kernel",
  ])
  await control.call({ op: 'flush' })
  await control.call({ op: 'batch', requests: [add('127.0.0.1'), add('127.9.9.9'), add('2001:db8::1')] })
  await control.call({ op: 'add-service', service: { mark: 7 }, settings })
  t.strictSame(told.length, 2)
  t.match(told[1], /^127\.9\.9\.9:80: nobody/)
})
