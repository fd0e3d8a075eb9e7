import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import t from 'tap'
import type { DestinationInfo, ServiceInfo } from '../../src/control/protocol/api.js'
import { BenchDirector, fromClient, VIP } from '../support/bench-director.js'
import { tcp4 } from '../support/frames.js'
import { destinationSettings } from '../support/settings.js'
import { tempDir } from '../support/temp.js'
import { serveDashboard } from '../control/dashboard/serve.js'
import { chromiumPath, openPage, seriousFindings, startChromium } from './browser.js'

/* Each action of the pages in Chromium, and what becomes of one that others have overtaken. */

const BUILT = join(dirname(fileURLToPath(import.meta.url)), '../../web')
const TOKEN = 'a-token-of-22-octets!!'
const SERVICE = `/service?of=tcp/${VIP}:80`
const KEY = { protocol: 'tcp', address: VIP, port: 80 } as const
const A = { address: '10.99.2.11', port: 80 }
const B = { address: '10.99.2.12', port: 80 }
const DARK = { viewport: { width: 360, height: 740 }, colorScheme: 'dark' } as const
const executable = chromiumPath()
const skip = executable === undefined ? 'chromium is not installed' : false

t.test('every action', { skip }, async t => {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`, `${A.address}:80`, `${B.address}:80`)
  const tokens = join(tempDir(t), 'tokens')
  writeFileSync(tokens, `alice ${TOKEN}\n`, { mode: 0o600 })
  const port = await serveDashboard(t, { control: bench.control, tokens, folder: BUILT })
  const browser = await startChromium(executable!)
  t.teardown(() => browser.close())
  const { page, complaints } = await openPage(browser, {
    viewport: { width: 1280, height: 800 },
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  const at = (path: string): Promise<unknown> => page.goto(`http://127.0.0.1:${port}${path}`)
  const only = (): ServiceInfo => (bench.services() as ServiceInfo[])[0]!
  const serverOf = (of: typeof A): DestinationInfo => only().destinations.find(one => one.address === of.address)!

  /** As another client does, past the dashboard. */
  const setWeight = (weight: number): void =>
    bench.must({ op: 'edit-destination', service: KEY, destination: B, settings: destinationSettings(weight) })

  await at(SERVICE)
  await page.getByRole('button', { name: 'Unlock' }).click()
  await page.getByLabel('Token').fill(TOKEN)
  await page.getByLabel('Token').press('Enter')
  await page.getByRole('button', { name: 'Lock', exact: true }).waitFor()

  await t.test('a service is edited', async t => {
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    await page.getByRole('combobox', { name: 'Scheduler' }).selectOption('sh')
    await page.getByRole('spinbutton', { name: 'Persistence' }).fill('300')
    await planned(page)
    await page.getByText(`uvsadm -e -t ${VIP}:80 -s sh -p 300`).waitFor()
    t.equal(only().scheduler, 'rr', 'a plan changes nothing')
    await applied(page)
    t.match(only(), { scheduler: 'sh', persistence: 300 })
  })

  await t.test('a server is edited; a plan that is closed changes nothing', async t => {
    await open(page, `Edit ${A.address}:80`)
    await page.getByRole('spinbutton', { name: 'Weight' }).fill('7')
    await planned(page)
    await page.keyboard.press('Escape')
    await page.locator('dialog[open]').waitFor({ state: 'detached' })
    t.equal(serverOf(A).weight, 1)
    await open(page, `Edit ${A.address}:80`)
    await page.getByRole('spinbutton', { name: 'Weight' }).fill('7')
    await page.getByRole('spinbutton', { name: 'Upper' }).fill('100')
    await page.getByRole('spinbutton', { name: 'Lower' }).fill('101')
    await page.getByRole('button', { name: 'Show the plan' }).click()
    t.equal(
      await page.locator('dialog[open] :invalid[type=number]').count(),
      1,
      'a lower threshold is not above the upper',
    )
    await page.getByRole('spinbutton', { name: 'Lower' }).fill('50')
    await planned(page)
    await applied(page)
    t.match(serverOf(A), { weight: 7, upperThreshold: 100, lowerThreshold: 50 })
  })

  await t.test('a plan that others have overtaken is refused, and made again', async t => {
    await open(page, `Edit ${A.address}:80`)
    await page.getByRole('spinbutton', { name: 'Weight' }).fill('9')
    await planned(page)
    setWeight(4)
    await page.getByRole('button', { name: 'Apply' }).click()
    await page.getByRole('alert').getByText('the rules have changed since this plan was made').waitFor()
    t.strictSame([serverOf(A).weight, serverOf(B).weight], [7, 4])
    await planned(page)
    await applied(page)
    t.strictSame([serverOf(A).weight, serverOf(B).weight], [9, 4])
  })

  await t.test('locked from another tab: the plan waits for the token', async t => {
    await open(page, `Edit ${A.address}:80`)
    await page.getByRole('spinbutton', { name: 'Weight' }).fill('10')
    await planned(page)
    const other = await page.context().newPage()
    await other.goto(`http://127.0.0.1:${port}/`)
    await other.getByRole('button', { name: 'Lock', exact: true }).click()
    await other.getByRole('button', { name: 'Unlock' }).waitFor()
    await other.close()
    await page.getByRole('button', { name: 'Apply' }).click()
    await page.getByRole('button', { name: 'Unlock to apply' }).click()
    t.equal(serverOf(A).weight, 9)
    await page.getByLabel('Token').fill(TOKEN)
    await page.getByLabel('Token').press('Enter')
    await applied(page)
    t.equal(serverOf(A).weight, 10)
  })

  await t.test('what is put back after a drain is said to be drained no more, and drained again is', async t => {
    const card = page.getByRole('article', { name: `${B.address}:80` })
    for (const round of [1, 2]) {
      await open(page, `Drain ${B.address}:80`)
      await page.getByRole('button', { name: 'Begin to drain' }).click()
      await card.getByText('Or by a command:').waitFor()
      t.equal(await page.getByRole('button', { name: `Drain ${B.address}:80` }).count(), 0, 'weight 0 is drained')
      await card.getByText(`uvsadm -e -t ${VIP}:80 -r ${B.address}:80 -m -w ${3 + round}`).waitFor()
      await card.getByRole('button', { name: `Put its weight back to ${3 + round}` }).click()
      await page.getByRole('spinbutton', { name: 'Weight' }).fill(String(4 + round))
      await planned(page)
      await applied(page)
      t.equal(serverOf(B).weight, 4 + round)
      await card.getByRole('status').waitFor({ state: 'detached' })
    }
  })

  await t.test('who would drain the last one is warned', async t => {
    const warning = page.getByText('It is the last one that takes new connections')
    await open(page, `Drain ${B.address}:80`)
    t.equal(await warning.count(), 0, 'the other takes them')
    await page.keyboard.press('Escape')
    await open(page, `Drain ${A.address}:80`)
    await page.getByRole('button', { name: 'Begin to drain' }).click()
    const card = page.getByRole('article', { name: `${A.address}:80` })
    await card.getByRole('button', { name: /^Put its weight back/ }).waitFor()
    await open(page, `Drain ${B.address}:80`)
    await warning.waitFor()
    await page.keyboard.press('Escape')
    await card.getByRole('button', { name: /^Put its weight back/ }).click()
    await planned(page)
    await applied(page)
    t.equal(serverOf(A).weight, 10)
  })

  await t.test('a drain that is stopped says so, once', async t => {
    bench.turn('c', tcp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, flags: 'S' }))
    const [busy] = only().destinations.filter(({ activeConns }) => activeConns > 0)
    const card = page.getByRole('article', { name: `${busy!.address}:80` })
    await open(page, `Drain ${busy!.address}:80`)
    await page.getByRole('button', { name: 'Begin to drain' }).click()
    await card.getByRole('button', { name: 'Stop draining' }).click()
    await card.getByText('Or by a command:').waitFor()
    t.equal(await card.getByText('interrupted').count(), 1)
  })

  await t.test('commands are copied, as a shell takes them', async t => {
    await page.getByRole('button', { name: `Copy uvsadm -Ln --stats -t ${VIP}:80` }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    t.equal(await clipboard(page), `uvsadm -Ln --stats -t ${VIP}:80`)
    await at('/settings')
    await page.getByText('uvsadm --set 900 120 300').waitFor()
    const names = await page
      .getByRole('button')
      .evaluateAll(found => found.map(each => each.ariaLabel || each.textContent))
    t.equal(new Set(names).size, names.length, 'no two buttons of the page have one name')
    await page.getByRole('button', { name: "Copy uvs sysctl 'sync_threshold=3 50'" }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    t.equal(await clipboard(page), "uvs sysctl 'sync_threshold=3 50'")
  })

  await t.test('settings that others change are seen', async () => {
    bench.must({ op: 'set-timeouts', timeouts: { tcp: 60, tcpfin: 120, udp: 300 } })
    bench.must({ op: 'set-sysctl', name: 'conntrack', value: '1' })
    await at('/settings')
    await page.getByText('uvsadm --set 60 120 300').waitFor()
    await page.getByRole('row', { name: /^conntrack 1\b/ }).waitFor()
  })

  await t.test('a sysctl has an address, as advice on a drop links to it', async t => {
    await at('/settings?search=nat_icmp_send')
    const row = page.getByRole('row', { name: /^nat_icmp_send 0\b/ })
    await row.waitFor()
    t.ok((await row.boundingBox())!.y < 800, 'in sight')
    t.equal(await page.getByRole('row', { name: 'conntrack' }).count(), 0)
    await page.getByRole('searchbox').fill('')
    await page.getByRole('row', { name: 'conntrack' }).waitFor()
    t.notMatch(page.url(), /search/)
  })

  await t.test('a server and a service are removed', async t => {
    await at(SERVICE)
    await open(page, `Remove ${B.address}:80`)
    await planned(page)
    await applied(page)
    t.strictSame(only().destinations.length, 1)
    await page.getByRole('button', { name: 'Remove', exact: true }).click()
    await planned(page)
    await page.getByRole('button', { name: 'Apply' }).click()
    await page.getByText('There is no such service. Perhaps it was removed.').waitFor()
    t.strictSame(bench.services(), [])
  })

  await t.test('an address that the director refuses says why, and the next page is shown', async t => {
    const fresh = await openPage(browser, {})
    await fresh.page.goto(`http://127.0.0.1:${port}/service?of=fwm/0`)
    await fresh.page.getByRole('alert').getByText("'fwm/0' is not such as").waitFor()
    t.equal(await fresh.page.getByText('Waiting for the director').count(), 0)
    await fresh.page.getByRole('link', { name: 'Services', exact: true }).click()
    await fresh.page.getByText('There are no virtual services yet.').waitFor()
    t.equal(await fresh.page.getByRole('alert').count(), 0)
  })

  await t.test('a reader who makes one plan right after another gets it, a moment later', async t => {
    const reader = await openPage(browser, {})
    const statuses: number[] = []
    reader.page.on('response', answer => answer.url().endsWith('/api/plan') && statuses.push(answer.status()))
    await reader.page.goto(`http://127.0.0.1:${port}/try`)
    for (let at = 1; at <= 9 && !statuses.includes(429); at++) {
      await reader.page.getByRole('textbox').fill(`-A -t 10.99.9.${at}:80`)
      await reader.page.getByRole('button', { name: 'Show the plan' }).click()
      await reader.page.getByText(`+ -A -t 10.99.9.${at}:80 -s wlc`).or(reader.page.getByRole('alert')).waitFor()
      t.equal(await reader.page.getByRole('alert').count(), 0, String(statuses))
    }
    t.ok(statuses.includes(429), 'one was refused at first')
    await reader.page.context().close()
  })

  await t.test('a small dark page: help by its key, dialogs, and nothing serious for axe', async t => {
    const small = await openPage(browser, DARK)
    for (const path of ['/', '/connections', '/settings', '/try']) {
      await small.page.goto(`http://127.0.0.1:${port}${path}`)
      await small.page.locator('.dot-live').waitFor()
      t.strictSame(await seriousFindings(small.page), [], path)
    }
    await small.page.locator('main h1').click()
    await small.page.keyboard.press('?')
    await small.page.getByRole('dialog', { name: 'Keys' }).getByText('to the search field').waitFor()
    t.strictSame(await seriousFindings(small.page), [], 'help')
    await small.page.keyboard.press('Escape')
    await small.page.locator('dialog[open]').waitFor({ state: 'detached' })
    t.strictSame(small.complaints, [])
  })

  await t.test('a tab opened behind others asks when it is seen; a late page has a way to the first', async t => {
    const hidden = await openPage(browser, {})
    let asked = 0
    hidden.page.on('request', request => (asked += /\/api\/(live|connections)/.test(request.url()) ? 1 : 0))
    await hidden.page.addInitScript(
      `Object.defineProperty(document, 'visibilityState', { get: () => globalThis.seen ?? 'hidden' })`,
    )
    await hidden.page.goto(`http://127.0.0.1:${port}/connections?from=7`)
    await hidden.page.getByRole('button', { name: 'Unlock' }).waitFor()
    t.equal(asked, 0, 'nobody sees it')
    await hidden.page.evaluate(`globalThis.seen = 'visible'; document.dispatchEvent(new Event('visibilitychange'))`)
    await hidden.page.getByText(/connections? on this page/).waitFor()
    await hidden.page.locator('.dot-live').waitFor()
    await hidden.page.getByRole('button', { name: 'First page' }).click()
    await hidden.page.waitForURL(/\/connections$/)
    t.strictSame(hidden.complaints, [])
  })

  // What is refused is said by a status, and Chromium names each in its console.
  t.strictSame(
    complaints.filter(text => !/status of (401|409)/.test(text)),
    [],
  )
})

async function open(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click()
  await page.locator('dialog[open]').waitFor()
}

async function planned(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Show the plan' }).click()
  await page.getByRole('button', { name: 'Apply' }).waitFor()
}

async function applied(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByText('1 change made').waitFor()
  await page.getByRole('dialog').getByText('Close', { exact: true }).click()
  await page.locator('dialog[open]').waitFor({ state: 'detached' })
}

function clipboard(page: Page): Promise<string> {
  return page.evaluate<string>('navigator.clipboard.readText()')
}
