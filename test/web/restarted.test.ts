import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import type { ServiceInfo } from '../../src/control/protocol/api.js'
import { RequestCounts } from '../../src/control/metrics/request-counts.js'
import { RulesLoads } from '../../src/control/metrics/rules-loads.js'
import { Metrics } from '../../src/control/metrics/metrics.js'
import { serveHttp } from '../../src/control/metrics/http.js'
import { BenchDirector, VIP } from '../support/bench-director.js'
import { tempDir } from '../support/temp.js'
import { dashboardOn } from '../control/dashboard/serve.js'
import { chromiumPath, openPage, startChromium } from './browser.js'

/* A director that ends, and another that begins at its address, between a plan and its carrying out. */

const BUILT = join(dirname(fileURLToPath(import.meta.url)), '../../web')
const TOKEN = 'a-token-of-22-octets!!'
const SERVER = '10.99.2.11:80'
const executable = chromiumPath()
const skip = executable === undefined ? 'chromium is not installed' : false

interface Served {
  bench: BenchDirector
  port: number
  /** The director is gone, and its sessions and plans with it. */
  end(): Promise<void>
}

t.test('a director that restarts between a plan and its carrying out', { skip }, async t => {
  const tokens = join(tempDir(t), 'tokens')
  writeFileSync(tokens, `alice ${TOKEN}\n`, { mode: 0o600 })
  let served = await serve(t, tokens, 0)
  const { port } = served
  const browser = await startChromium(executable!)
  t.teardown(() => browser.close())
  const { page, complaints } = await openPage(browser, { viewport: { width: 1280, height: 800 } })
  const weight = (): number => (served.bench.services() as ServiceInfo[])[0]!.destinations[0]!.weight
  const dialog = page.getByRole('dialog', { name: `Edit ${SERVER}` })

  await page.goto(`http://127.0.0.1:${port}/service?of=tcp/${VIP}:80`)
  await page.getByRole('button', { name: 'Unlock' }).click()
  await logIn(page)
  await page.getByRole('button', { name: 'Lock', exact: true }).waitFor()
  await page.getByRole('button', { name: `Edit ${SERVER}` }).click()
  await dialog.getByRole('spinbutton', { name: 'Weight' }).fill('7')
  await dialog.getByRole('button', { name: 'Show the plan' }).click()
  await dialog.getByRole('button', { name: 'Apply' }).waitFor()

  await t.test('while it is gone: whether the change was made is not known, and what to do', async () => {
    await served.end()
    await dialog.getByRole('button', { name: 'Apply' }).click()
    await dialog.getByRole('alert').getByText('so the change may have been made, or not').waitFor()
    await dialog.getByRole('button', { name: 'Show the plan' }).click()
    await dialog.getByRole('alert').getByText('the director does not answer').waitFor()
  })

  await t.test('the next one has no login and no plan: both are asked for, and nothing is done unasked', async t => {
    served = await serve(t.parent as Test, tokens, port)
    await dialog.getByRole('button', { name: 'Show the plan' }).click()
    await dialog.getByText('1 change; 0 open connections').waitFor()
    await dialog.getByRole('button', { name: 'Unlock to apply' }).click()
    t.equal(weight(), 1)
    await logIn(page)
    await dialog.getByRole('button', { name: 'Apply' }).click()
    await dialog.getByText('1 change made').waitFor()
    t.equal(weight(), 7)
    await dialog.getByText('Close', { exact: true }).click()
  })

  await t.test('a plan of the director that is gone is refused by the next', async t => {
    await page.getByRole('button', { name: `Edit ${SERVER}` }).click()
    await dialog.getByRole('spinbutton', { name: 'Weight' }).fill('9')
    await dialog.getByRole('button', { name: 'Show the plan' }).click()
    await dialog.getByRole('button', { name: 'Apply' }).waitFor()
    await served.end()
    served = await serve(t.parent as Test, tokens, port)
    await dialog.getByRole('button', { name: 'Apply' }).click()
    await dialog.getByRole('button', { name: 'Unlock to apply' }).click()
    await logIn(page)
    await dialog.getByRole('button', { name: 'Apply' }).click()
    await dialog.getByRole('alert').getByText('of a director that has ended since').waitFor()
    t.equal(weight(), 1)
    await dialog.getByRole('button', { name: 'Show the plan' }).click()
    await dialog.getByRole('button', { name: 'Apply' }).click()
    await dialog.getByText('1 change made').waitFor()
    t.equal(weight(), 9)
  })

  // Whoever is refused or not answered is told in the page, and Chromium names each in its console.
  t.strictSame(
    complaints.filter(
      text => !/status of (401|404)|ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|INCOMPLETE)/.test(text),
    ),
    [],
  )
})

async function logIn(page: Page): Promise<void> {
  await page.getByLabel('Token').fill(TOKEN)
  await page.getByLabel('Token').press('Enter')
  await page.getByRole('dialog', { name: 'Unlock' }).waitFor({ state: 'detached' })
}

async function serve(t: Test, tokens: string, port: number): Promise<Served> {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`, SERVER)
  const site = dashboardOn(t, { control: bench.control, tokens, folder: BUILT })
  const metrics = new Metrics({ control: bench.control, requests: new RequestCounts(), rules: new RulesLoads() })
  const server = await serveHttp({ host: '127.0.0.1', port }, bench.control, metrics, {}, site)
  t.teardown(() => server.close())
  return { bench, port: server.port, end: () => server.close() }
}
