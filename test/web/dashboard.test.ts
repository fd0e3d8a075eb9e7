import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import type { ServiceInfo } from '../../src/control/protocol/api.js'
import { BenchDirector, fromClient, VIP } from '../support/bench-director.js'
import { tcp4 } from '../support/frames.js'
import { until } from '../../netns-lab/proc.js'
import { tempDir } from '../support/temp.js'
import { serveDashboard } from '../control/dashboard/serve.js'
import { chromiumPath, openPage, startChromium, tooWide } from './browser.js'

/* The built pages in Chromium, before a director in this process: what a new user does, and that the figures are the director's. */

const BUILT = join(dirname(fileURLToPath(import.meta.url)), '../../web')
const TOKEN = 'a-token-of-22-octets!!'
const MARKUP = '<script>globalThis.hit=1</script>'
const WIDE = { viewport: { width: 1600, height: 900 } }

const executable = chromiumPath()
const skip = executable === undefined ? 'chromium is not installed' : false

t.test('a new user before a director', { skip }, async t => {
  const bench = new BenchDirector()
  const tokens = join(tempDir(t), 'tokens')
  writeFileSync(tokens, `alice ${TOKEN}\n`, { mode: 0o600 })
  const port = await serveDashboard(t, { control: bench.control, tokens, folder: BUILT })
  const browser = await startChromium(executable!)
  t.teardown(() => browser.close())
  const { page, complaints } = await openPage(browser, WIDE)
  const at = (path: string): Promise<unknown> => page.goto(`http://127.0.0.1:${port}${path}`)

  await t.test('adds a service and two servers', async t => {
    await at('/services')
    await page.getByText('There are no virtual services yet.').waitFor()
    await page.getByRole('button', { name: 'Add a service' }).click()
    await page.getByRole('textbox', { name: 'Address' }).fill(VIP)
    await page.getByRole('combobox', { name: 'Scheduler' }).selectOption('wrr')
    await page.getByRole('button', { name: 'Show the plan' }).click()
    await page.getByRole('button', { name: 'Unlock to apply' }).click()
    await page.getByLabel('Token').fill('not the token, and as long')
    await page.getByLabel('Token').press('Enter')
    await page.getByRole('dialog', { name: 'Unlock' }).getByRole('alert').waitFor()
    t.same(bench.services(), [], 'nothing has changed')
    await page.getByLabel('Token').fill(TOKEN)
    await page.getByLabel('Token').press('Enter')
    await applied(page)
    for (const server of ['10.99.2.11', '10.99.2.12']) {
      await at(`/service?of=tcp/${VIP}:80`)
      await page.getByRole('button', { name: 'Add a real server' }).click()
      await page.getByRole('textbox', { name: 'Address' }).fill(server)
      await page.getByRole('button', { name: 'Show the plan' }).click()
      await applied(page)
    }
    t.match(bench.services(), [{ address: VIP, scheduler: 'wrr', destinations: [{ weight: 1 }, { weight: 1 }] }])
  })

  await t.test('sees a connection in the lists, and why its next packet goes where it goes', async t => {
    bench.turn('c', fromClient10('S'))
    await at('/connections?search=syn_recv')
    await page.getByRole('button', { name: '10.99.1.10:40000' }).click()
    await page.getByText('Waiting for its next packets: 0 so far').waitFor()
    bench.turn('c', fromClient10('A'))
    await page.getByText('tcp.checksum').first().waitFor()
    await page.getByText('balanced', { exact: true }).first().waitFor()
    t.ok((await page.locator('.octets mark').count()) > 6, 'the octets that changed are marked')
    t.match(
      await page.locator('table.rows tbody tr').last().innerText(),
      new RegExp(`10.99.1.10:40000\\s+TCP.*${VIP}:80`),
    )
  })

  await t.test('drains one, and finds why a client was refused', async t => {
    await at(`/service?of=tcp/${VIP}:80`)
    await page.getByRole('button', { name: 'Drain 10.99.2.11:80' }).click()
    await page.getByRole('button', { name: 'Begin to drain' }).click()
    await page.getByRole('article', { name: '10.99.2.11:80' }).getByRole('status').waitFor()
    // It is listed before its weight is 0.
    const weights = (): number[] =>
      (bench.services() as ServiceInfo[]).flatMap(({ destinations }) => destinations.map(({ weight }) => weight))
    t.ok(await until(() => weights().includes(0), 30_000))
    t.strictSame(weights(), [1, 0])
    bench.must({
      op: 'delete-destination',
      service: { protocol: 'tcp', address: VIP, port: 80 },
      destination: { address: '10.99.2.12', port: 80 },
    })
    bench.turn('c', tcp4(`10.99.1.11:40001 > ${VIP}:80`, { ...fromClient, flags: 'S' }))
    await at('/drops')
    await page.getByRole('heading', { name: 'drop-no-destination' }).waitFor()
    await page.getByText('all have weight 0 or are overloaded').waitFor()
    t.match(await page.locator('.drops').innerText(), /10\.99\.1\.11:40001/)
    await at('/')
    await page.getByText(`TCP ${VIP}:80 has no real server that takes connections.`).waitFor()
  })

  await t.test('reads what lint says, and tries which flows a change moves', async () => {
    await at(`/service?of=tcp/${VIP}:80`)
    await page.getByText(`every real server of ${VIP}:80 has weight 0`).waitFor()
    await at('/try')
    await page.getByRole('textbox').fill(`-a -t ${VIP}:80 -r 10.99.2.13:80 -m`)
    await page.getByRole('button', { name: 'Show the plan' }).click()
    const moved = page.getByRole('region', { name: 'Flows that it moves', exact: true })
    await moved.getByRole('row', { name: /^10\.99\.2\.13:80\s+0\s%\s+100\s%$/ }).waitFor()
  })

  await t.test('types markup as a rule: it is text in the refusal', async t => {
    await at('/try')
    await page.getByRole('textbox').fill(`-A -t 10.99.1.101:80 -s ${MARKUP}`)
    await page.getByRole('button', { name: 'Show the plan' }).click()
    await page.getByRole('alert').waitFor()
    t.equal(await page.evaluate(() => 'hit' in globalThis), false)
  })

  // What is refused is said by a status, and Chromium names each in its console.
  const unexpected = complaints.filter(text => !/status of (400|403)/.test(text))
  t.strictSame(unexpected, [], 'no complaint')
  await t.test('every page at 360 px', t => narrow(t, browser, port))
})

function fromClient10(flags: string): Uint8Array {
  return tcp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, flags })
}

async function applied(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByText('1 change made').waitFor()
}

async function narrow(t: Test, browser: Browser, port: number): Promise<void> {
  const { page, complaints } = await openPage(browser, { viewport: { width: 360, height: 740 }, colorScheme: 'dark' })
  for (const path of ['/', '/services', '/connections', '/drops', '/path', '/redundancy', '/settings', '/try']) {
    await page.goto(`http://127.0.0.1:${port}${path}`)
    await page.locator('main h1').waitFor()
    t.equal(await tooWide(page), 0, path)
  }
  t.strictSame(complaints, [])
}
