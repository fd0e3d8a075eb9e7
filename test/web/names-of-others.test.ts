import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { EtcdClient } from '../../src/etcd/etcd-client.js'
import { run } from '../../netns-lab/proc.js'
import { EtcdDirector, until } from '../e2e/etcd-director.js'
import { unhooked } from '../e2e/unhooked.js'
import { ip, ownNetwork, veth } from '../linux/own-network.js'
import { leaderOf, NO_ETCD, startEtcd } from '../support/etcd.js'
import { tempDir } from '../support/temp.js'
import { chromiumPath, openPage, seriousFindings, startChromium, tooWide } from './browser.js'

/* Names that others write, in etcd and in keepalived.conf, in the pages of directors that follow them: they are text, however they look. */

const executable = chromiumPath()
const skip = executable === undefined ? 'chromium is not installed' : NO_ETCD || ownNetwork()
const MAIN = join(dirname(fileURLToPath(import.meta.url)), '../../src/cli/uvs/main.js')
const PREFIX = '/uvs/site1'
const MARKUP = '<img/src=x/onerror=globalThis.hit=1>'
const BIDI = 'a\u202Egnp.exe'
const LONG = 'n'.repeat(4096)
const LOOKS = [
  { colorScheme: 'light', viewport: { width: 1600, height: 900 } },
  { colorScheme: 'dark', viewport: { width: 360, height: 740 } },
] as const

t.setTimeout(300_000)

t.test('names of others', { skip }, async t => {
  ip('link set lo up')
  const browser = await startChromium(executable!)
  t.teardown(() => browser.close())
  await t.test('in etcd: directors and keys', t => ofEtcd(t, browser))
  await t.test('in keepalived.conf: virtual routers, scripts, groups', t => ofKeepalived(t, browser))
})

async function ofEtcd(t: Test, browser: Browser): Promise<void> {
  veth('d-etcd', 'e-etcd')
  const cluster = await startEtcd(t)
  await leaderOf(cluster)
  const etcd = new EtcdClient({ endpoints: cluster.endpoints })
  t.teardown(() => etcd.close())
  const service = { protocol: 'tcp', address: '10.99.1.100', port: 80, scheduler: 'rr', destinations: [] }
  await etcd.put(`${PREFIX}/services/web`, JSON.stringify({ version: 1, service }))
  const socket = `${tempDir(t)}/uvs.sock`
  const args = [
    '--raw',
    'd-etcd',
    '--address',
    '10.99.1.1/24@d-etcd',
    '--http',
    '127.0.0.1:9100',
    '--etcd-name',
    'self',
  ]
  args.push('--etcd', `http://127.0.0.1:${cluster.endpoints[0]!.port}`, '--etcd-prefix', PREFIX)
  const director = new EtcdDirector(t, socket, [...args, '--etcd-state', `${tempDir(t)}/state`])
  await director.ready(t)
  await until(t, 'its rules', async () => (await director.rules()).length === 1)
  const own = async (): Promise<string | undefined> => (await etcd.get(`${PREFIX}/directors/self`))?.value
  await until(t, 'it is published', async () => (await own()) !== undefined)
  const state = { ...(JSON.parse((await own())!) as object), uvs: MARKUP, since: BIDI }
  for (const name of [MARKUP, BIDI, LONG])
    await etcd.put(`${PREFIX}/directors/${name}`, JSON.stringify({ ...state, name }))
  await etcd.put(`${PREFIX}/services/${MARKUP}`, `{"version":1,"service":"${MARKUP}"}`)

  for (const look of LOOKS) {
    const { page, complaints } = await openPage(browser, look)
    await page.goto('http://127.0.0.1:9100/redundancy')
    const fleet = page.locator('section.card', { has: page.getByRole('heading', { name: 'Fleet' }) })
    await fleet.getByRole('row', { name: /^self this one/ }).waitFor()
    await fleet.getByText(MARKUP).first().waitFor()
    await isText(t, page, look.colorScheme)
    t.strictSame(complaints, [])
    await page.context().close()
  }

  const rules = join(tempDir(t), 'rules')
  writeFileSync(rules, '-A -t 10.99.1.100:80 -s wrr\n')
  for (const command of ['plan', 'apply']) {
    const ended = await run('env', unhooked([MAIN, command, '--control', socket, rules]))
    t.match(ended, {
      status: 0,
      err: new RegExp(`^uvs ${command}: warning: etcd holds the rules of this director, [^\\n]*\\n$`),
    })
  }
}

async function ofKeepalived(t: Test, browser: Browser): Promise<void> {
  veth('d-ka', 'e-ka')
  ip('addr add 10.99.5.1/24 dev d-ka')
  ip('addr add 10.99.6.2/32 dev lo')
  const listener = createServer(socket => socket.destroy())
  await new Promise<void>(resolve => listener.listen(8080, '10.99.6.2', resolve))
  t.teardown(() => listener.close())
  const file = join(tempDir(t), 'keepalived.conf')
  writeFileSync(file, configuration())
  const args = ['--raw', 'd-ka', '--keepalived', file, '--http', '127.0.0.1:9101']
  const director = new EtcdDirector(t, `${tempDir(t)}/uvs.sock`, args)
  await director.ready(t)
  await until(
    t,
    'its real server is up',
    async () => (await director.rules()).join().endsWith('=1'),
    () => director.err,
  )
  const { page, complaints } = await openPage(browser, LOOKS[0])
  await page.goto('http://127.0.0.1:9101/redundancy')
  await page
    .getByRole('row', { name: `${MARKUP} d-ka` })
    .getByText('MASTER')
    .waitFor()
  // What happens is told, while somebody looks and later.
  listener.close()
  await page
    .getByText(/10\.99\.5\.7:8080.*connection refused/)
    .first()
    .waitFor()
  for (const look of LOOKS) {
    const { page, complaints } = await openPage(browser, look)
    for (const path of ['', 'redundancy', 'settings', 'services']) {
      await page.goto(`http://127.0.0.1:9101/${path}`)
      await page.locator('.dot-live').waitFor()
      await isText(t, page, `${path} ${look.colorScheme}`)
    }
    t.strictSame(complaints, [])
    await page.goto('http://127.0.0.1:9101/')
    const changes = page.locator('section.card', { has: page.getByRole('heading', { name: 'What changed last' }) })
    await changes.getByText(MARKUP).first().waitFor()
    await changes
      .getByText(/10\.99\.5\.7\S*8080.*is DOWN/)
      .first()
      .waitFor()
    await page.context().close()
  }
  t.strictSame(complaints, [])
}

function configuration(): string {
  return `vrrp_script ${BIDI} {
  script "/bin/true ${MARKUP}"
}
vrrp_instance ${MARKUP} {
  state MASTER
  interface d-ka
  virtual_router_id 51
  priority 200
  advert_int 1
  virtual_ipaddress {
    10.99.5.100/32 dev d-ka
  }
  track_script {
    ${BIDI}
  }
}
vrrp_instance ${LONG.slice(0, 1000)} {
  state MASTER
  interface d-ka
  virtual_router_id 52
  priority 200
  virtual_ipaddress {
    10.99.5.101/32 dev d-ka
  }
}
vrrp_sync_group ${MARKUP}2 {
  group {
    ${MARKUP}
  }
}
virtual_server 10.99.5.100 80 {
  delay_loop 1
  lb_algo rr
  lb_kind NAT
  protocol TCP
  real_server 10.99.5.7 8080 {
    TCP_CHECK {
      connect_ip 10.99.6.2
      connect_timeout 1
      retry 0
      delay_before_retry 1
    }
  }
}
`
}

/** Nothing of the page was run, loaded or laid out as names would have it. */
async function isText(t: Test, page: Page, what: string): Promise<void> {
  t.equal(await page.evaluate(() => 'hit' in globalThis), false, what)
  t.equal(await page.locator('main img').count(), 0, what)
  t.notMatch(
    await page.locator('body').innerText(),
    /[\u202A-\u202E\u2066-\u2069]/,
    `${what}: nothing turns a line around`,
  )
  const tables = await page
    .locator('table.rows')
    .evaluateAll(found => found.map(each => each.getBoundingClientRect().width))
  t.ok(Math.max(0, ...tables) < 1600, `${what}: a long name leaves the other columns in sight: ${tables.join()}`)
  t.equal(await tooWide(page), 0, what)
  t.strictSame(await seriousFindings(page), [], what)
}
