import t from 'tap'
import { parseIpv4 } from '../../src/wire/addr.js'
import { VIP } from '../support/bench-director.js'
import { CLIENT, RS, Scene } from './scene.js'

/** A scene with marks: 'tcp 80-90,443 7'. */
function marked(...rules: string[]): Scene {
  const scene = new Scene()
  scene.must({ op: 'add-vip', cidr: VIP })
  for (const rule of rules) {
    const [protocol, text = '', mark] = rule.split(' ')
    const ports = text === '*' ? [] : text.split(',').map(range => range.split('-').map(Number))
    const ranges = ports.map(([first = 0, last = first]) => ({ first, last }))
    scene.must({
      op: 'add-mark',
      rule: { protocol: protocol as 'tcp', to: VIP, ports: ranges, mark: Number(mark) },
    })
  }
  return scene
}

t.test('packets of a mark go to its service, whatever their port', async t => {
  const scene = marked('tcp 80,443 7', 'udp * 7')
  const key = scene.service('mark 7', {}, `${RS[0]}:0`, `${RS[1]}:8080`)
  t.equal(scene.tcp(`${CLIENT}:1`, `${VIP}:80`), `${RS[1]}:8080`)
  t.equal(scene.tcp(`${CLIENT}:1`, `${VIP}:443`), `${RS[0]}:443`)
  t.equal(scene.udp(`${CLIENT}:1`, `${VIP}:9`), `${RS[1]}:8080`)
  t.equal(scene.tcp(`${CLIENT}:1`, `${VIP}:81`), 'answered', 'without a mark')
  t.equal(scene.counts(key, `${RS[1]}:8080`), '1–1')
  t.strictSame(
    scene.connections().map(line => line.split(' ')[4]),
    [`${VIP}:443`, `${VIP}:80`, `${VIP}:9`],
  )
})

t.test('a mark comes before address and port, and falls back to them without a service of it', async t => {
  const scene = marked('tcp 80 7')
  scene.service(`tcp ${VIP}:80`, {}, `${RS[0]}:80`)
  t.equal(scene.tcp(`${CLIENT}:1`), `${RS[0]}:80`)
  const key = scene.service('mark 7', {}, `${RS[1]}:80`)
  t.equal(scene.tcp(`${CLIENT}:2`), `${RS[1]}:80`)
  t.equal(scene.tcp(`${CLIENT}:1`, undefined, 'A'), `${RS[0]}:80`, 'an open connection stays')
  scene.must({ op: 'clear-marks' })
  t.equal(scene.tcp(`${CLIENT}:3`), `${RS[0]}:80`)
  scene.must({ op: 'delete-service', service: key })
})

t.test('answers are translated back, and nobody needs the mark again', async t => {
  const scene = marked('tcp 443 7')
  scene.service('mark 7', {}, `${RS[0]}:8443`)
  scene.tcp(`${CLIENT}:1`, `${VIP}:443`)
  scene.must({ op: 'clear-marks' })
  t.equal(scene.tcpAnswer(`${RS[0]}:8443`, `${CLIENT}:1`), `${VIP}:443`)
  t.equal(scene.tcp(`${CLIENT}:1`, `${VIP}:443`, 'A'), `${RS[0]}:8443`)
})

t.test('a service of a mark adds no address', async t => {
  const scene = new Scene()
  scene.service('mark 7', {}, `${RS[0]}:80`)
  t.not(scene.tcp(`${CLIENT}:1`), `${RS[0]}:80`)
  t.equal(scene.director.ownAddresses.has(parseIpv4('0.0.0.0')!), false)
})

t.test('its servers of port 0 take the packet’s port, others their own (§15.6 D, not persistent)', async t => {
  for (const [port, expected] of [
    [0, [80, 443]],
    [8080, [8080, 8080]],
  ] as const) {
    const scene = marked('tcp 80,443 7')
    scene.service('mark 7', {}, `${RS[0]}:${port}`)
    t.equal(scene.tcp(`${CLIENT}:1`, `${VIP}:80`), `${RS[0]}:${expected[0]}`)
    t.equal(scene.tcp(`${CLIENT}:2`, `${VIP}:443`), `${RS[0]}:${expected[1]}`)
  }
})

t.test('deleted and made again, the service finds its server’s connections again', async t => {
  const scene = marked('tcp 80 7', 'tcp 81 8')
  const key = scene.service('mark 7', {}, `${RS[0]}:80`)
  scene.service('mark 8', {}, `${RS[0]}:80`)
  scene.connect(`${CLIENT}:1`)
  scene.must({ op: 'delete-service', service: key })
  t.equal(scene.tcp(`${CLIENT}:1`, undefined, 'A'), 'drop-destination-gone')
  scene.service('mark 7', {}, `${RS[0]}:80`)
  t.equal(scene.tcp(`${CLIENT}:1`, undefined, 'A'), `${RS[0]}:80`)
  t.equal(scene.counts(key, `${RS[0]}:80`), '1–0')
  t.equal(scene.counts({ mark: 8 }, `${RS[0]}:80`), '0–0')
})

t.test('lblc and dh see the virtual address of each packet', async t => {
  for (const scheduler of ['dh', 'lblc', 'lblcr']) {
    const scene = marked()
    scene.must({ op: 'add-vip', cidr: '198.51.100.0/24' })
    scene.must({ op: 'add-mark', rule: { protocol: 'tcp', to: '198.51.100.0/24', ports: [], mark: 1 } })
    scene.service('mark 1', { scheduler }, `${RS[0]}:0`, `${RS[1]}:0`)
    const to = Array.from({ length: 8 }, (_, last) => scene.tcp(`${CLIENT}:${1 + last}`, `198.51.100.${last}:80`))
    t.equal(new Set(to).size, 2, scheduler)
    const again = Array.from({ length: 8 }, (_, last) => scene.tcp(`${CLIENT}:${50 + last}`, `198.51.100.${last}:80`))
    t.strictSame(again, to, `${scheduler}: the same address, the same server`)
  }
})
