import t from 'tap'
import { until } from '../../../netns-lab/proc.js'
import { routerSettingsFrom } from '../../../src/keepalived/vrrp/from-config.js'
import type { OwnInterfaces } from '../../../src/keepalived/vrrp-host/own-interfaces.js'
import { VrrpHost } from '../../../src/keepalived/vrrp-host/vrrp-host.js'
import { SystemError } from '../../../src/linux/libc.js'
import { formatIpv4, parseIpv4 } from '../../../src/wire/addr.js'
import { forged } from '../vrrp/forged.js'
import { configOf } from '../vrrp/recording.js'

/* A virtual router on an interface that a director holds alone: `x0`, which this host's kernel does not know. */

const settings = (vip = '10.1.0.100'): ReturnType<typeof routerSettingsFrom> =>
  routerSettingsFrom(
    configOf(`vrrp_instance VI_1 {
  interface x0
  virtual_router_id 51
  priority 100
  version 3
  advert_int 0.02
  garp_master_delay 0
  garp_master_repeat 2
  virtual_ipaddress {
    ${vip}
  }
}
`),
  )
/** What a host of this priority says; VRRP version 3, every 20 ms. */
const advert = (priority: number): Uint8Array =>
  forged({ version: 3, priority, interval: 2, source: '10.1.0.2', addresses: ['10.1.0.100'] })

/** Interfaces that write down what is asked of them. What is in `packets` comes in. */
function rig(mayBeElsewhere = true) {
  const did: string[] = []
  const packets: Uint8Array[] = []
  const own: OwnInterfaces = {
    has: name => name === 'x0',
    mayBeElsewhere: () => mayBeElsewhere,
    addresses: () => [parseIpv4('10.1.0.1')!],
    open: () => void did.push('open'),
    hear(take, most) {
      const some = packets.splice(0, most)
      for (const packet of some) take('x0', new DataView(packet.buffer, packet.byteOffset), 0, packet.length)
      return some.length
    },
    send: (name, packet) => void did.push(`advert by ${name}, priority ${packet[22]}`),
    announce: (name, addr) => void did.push(`announce ${formatIpv4(addr)} on ${name}`),
    hold: (name, addr) => void did.push(`hold ${formatIpv4(addr)} on ${name}`),
    letGo: (name, addr) => void did.push(`let go ${formatIpv4(addr)} on ${name}`),
    close: () => void did.push('close'),
  }
  const said: string[] = []
  const tell = (told: { kind: string }): void => void said.push(JSON.stringify(told))
  const has = async (what: string): Promise<void> => {
    if (!(await until(() => did.includes(what), 10_000))) throw new Error(`no '${what}': ${did.join()}`)
  }
  return { did, packets, said, has, host: () => new VrrpHost(settings(), tell, own) }
}

function whyNot(): string | false {
  try {
    rig().host().stop()
    return false
  } catch (error) {
    if (error instanceof SystemError) return error.message
    throw error
  }
}
const skip = whyNot()

t.test('it becomes master, hears a higher one, and says good-bye by the director', { skip }, async t => {
  const { did, packets, has, host } = rig()
  const router = host()
  router.start()
  await has('hold 10.1.0.100 on x0')
  await has('announce 10.1.0.100 on x0')
  await has('advert by x0, priority 100')
  t.equal(did[0], 'open')
  t.ok(
    did.indexOf('hold 10.1.0.100 on x0') < did.indexOf('announce 10.1.0.100 on x0'),
    'before it says that it is here',
  )

  router.reload(settings('10.1.0.100\n10.1.0.101'))
  await has('hold 10.1.0.101 on x0')
  await has('announce 10.1.0.101 on x0')
  router.reload(settings())
  await has('let go 10.1.0.101 on x0')

  did.length = 0
  packets.push(advert(200))
  await has('let go 10.1.0.100 on x0')
  did.length = 0
  await has('hold 10.1.0.100 on x0')
  router.stop()
  t.match(did.join(), /advert by x0, priority 0,let go 10\.1\.0\.100 on x0,close$/)
})

t.test('a flood is heard to its end, and so is the one that counts', { skip }, async t => {
  const { did, packets, said, has, host } = rig()
  const router = host()
  router.start()
  await has('hold 10.1.0.100 on x0')
  did.length = 0
  for (let i = 0; i < 10_000; i++) packets.push(forged({ version: 3, ttl: 1 }))
  packets.push(advert(200))
  await has('let go 10.1.0.100 on x0')
  t.equal(packets.length, 0)
  router.stop()
  t.ok(said.length < 30, 'and few lines are said of it')
})

t.test('an interface that is gone is a fault, unless it may be elsewhere', { skip }, async t => {
  const { did, said, host } = rig(false)
  const router = host()
  router.start()
  t.ok(await until(() => said.some(line => /"to":"FAULT"/.test(line)), 10_000))
  router.stop()
  t.notMatch(did.join(), /hold/)
})
