import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { AnnounceInterface } from '../../src/announce/announce-interface.js'
import { parseIpv4 } from '../../src/wire/addr.js'
import { ip, ownNetworkWithTap } from '../linux/own-network.js'

const skip = ownNetworkWithTap()
const [ONE, TWO] = [parseIpv4('192.0.2.1')!, parseIpv4('192.0.2.2')!]

t.test('an interface that holds addresses', { skip }, async t => {
  ip('addr add 192.0.2.2/32 dev lo')
  const on = new AnnounceInterface('uvs0')
  on.add(ONE)
  on.add(ONE)
  t.match(ip('-4 -o addr show dev uvs0'), /inet 192\.0\.2\.1\/32/)
  t.match(ip('link show dev uvs0'), /UP,LOWER_UP/)
  const others = on.heldElsewhere()
  t.strictSame([others.has(ONE), others.has(TWO)], [false, true])
  on.setUp(false)
  t.match(ip('link show dev uvs0'), /state DOWN/)
  on.setUp(true)
  t.match(ip('link show dev uvs0'), /UP,LOWER_UP/)
  on.remove(ONE)
  on.remove(ONE)
  t.notMatch(ip('-4 -o addr show dev uvs0'), /inet /)
  t.throws(() => new AnnounceInterface('uvs0'), { message: /^making uvs0: there is such an interface already/ })
  t.throws(() => new AnnounceInterface('lo'), { message: /^making lo: there is such an interface already/ })
  on.close()
  t.notMatch(ip('link'), /uvs0/)
})

t.test('it goes with a process that is killed', { skip }, async t => {
  const file = new URL('../../src/announce/announce-interface.js', import.meta.url).href
  const program = `const { AnnounceInterface } = await import(${JSON.stringify(file)})
new AnnounceInterface('uvs1').add(${ONE})
console.log('there')
setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  t.match(ip('-4 -o addr'), /uvs1 .*192\.0\.2\.1\/32/)
  child.kill('SIGKILL')
  await once(child, 'exit')
  for (let i = 0; i < 500 && ip('link').includes('uvs1'); i++) await sleep(10)
  t.notMatch(ip('link'), /uvs1/)
})
