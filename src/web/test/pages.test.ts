import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import t, { type Test } from 'tap'
import { MOCK_TOKEN, MockApi } from '../mock/mock-api.ts'
import { serveMock } from '../mock/mock-server.ts'
import { broken, chromiumPath, openPage, seriousFindings, startChromium, tooWide } from '../../../test/web/browser.ts'

/* The pages in Chromium, with a made-up director behind them. Names of its are markup: they must stay text. */

const BUILT = join(fileURLToPath(new URL('.', import.meta.url)), '../../web')
const PATHS = [
  '/',
  '/services',
  '/service?of=tcp/192.168.10.0:80',
  '/connections?flow=tcp/10.0.0.1:40000/192.168.10.0:80',
  '/drops',
  '/path',
  '/redundancy',
  '/settings',
  '/try',
  '/nothing',
]

const executable = chromiumPath()
const skip = executable === undefined ? 'chromium is not installed' : false

interface Stage {
  t: Test
  api: MockApi
  address: string
  browser: Browser
}

const WIDE = { viewport: { width: 1600, height: 900 } }
/** What axe is asked of: all once, then colours in the other theme; at 360 px the tree is the same. */
const LOOKS = [
  { colorScheme: 'light', ...WIDE, rules: [] },
  { colorScheme: 'dark', ...WIDE, rules: ['color-contrast'] },
  { colorScheme: 'dark', viewport: { width: 360, height: 740 }, rules: undefined },
] as const

t.test('the pages in Chromium', { skip }, async t => {
  const api = new MockApi(2000, 5)
  const { address, server } = await serveMock(BUILT, api)
  const browser = await startChromium(executable!)
  t.teardown(async () => {
    await browser.close()
    server.closeAllConnections()
    server.close()
  })
  for (const [name, test] of Object.entries({
    everyPage,
    oneStream,
    manyServices,
    aWatchAfterAnother,
    aPhone,
    noServer,
    aChange,
    aTry,
    oldFigures,
  }))
    await t.test(name, t => test({ t, api, address, browser }))
})

/** Shown, no wider than the window, without a complaint, and nothing serious for axe. */
async function everyPage({ t, browser, address }: Stage): Promise<void> {
  for (const { rules, ...look } of LOOKS) {
    const { page, complaints } = await openPage(browser, look)
    const name = `${look.colorScheme}, ${look.viewport.width} px`
    for (const path of PATHS) {
      await page.goto(address + path)
      await page.locator('main h1').waitFor()
      if (path === '/settings') await page.getByText('auth_pass …').waitFor()
      if (path.includes('flow=')) await page.getByText('tcp.dstport').first().waitFor()
      if (path === '/path') await page.getByRole('row', { name: '1 234 too few packets so far' }).waitFor()
      t.equal(await tooWide(page), 0, `${path}, ${name}: as wide as the window`)
      t.strictSame(await broken(page), [], `${path}, ${name}: no line ends within an address`)
      if (rules) t.strictSame(await seriousFindings(page, [...rules]), [], `${path}, ${name}`)
    }
    t.strictSame(complaints, [], name)
    t.equal(await page.evaluate(() => 'hit' in globalThis), false, 'no markup of a name has run')
    await page.context().close()
  }
}

/** A page's first tick has what it shows: another stream would take as long again. */
async function oneStream({ t, browser, address }: Stage): Promise<void> {
  const { page } = await openPage(browser, WIDE)
  const asked: string[] = []
  page.on('request', request => {
    const { pathname, search } = new URL(request.url())
    if (pathname === '/api/live') asked.push(search)
  })
  for (const [path, shown, query] of [
    ['/', 'Busiest services', '?services=0%2C8&sort=cps&order=desc'],
    ['/services?filter=192.168.10.2:', 'TCP 192.168.10.2:80', '?services=0%2C40&filter=192.168.10.2%3A'],
    ['/services?servers=hidden', 'TCP 192.168.10.2:80', '?services=0%2C80'],
    ['/service?of=tcp/192.168.10.0:80', 'Drain 172.16.0.1:8080', '?service=tcp%2F192.168.10.0%3A80'],
  ] as const) {
    asked.length = 0
    await page.goto(address + path)
    const text = page.getByText(shown, { exact: true })
    await text
      .or(page.getByRole('button', { name: shown }))
      .first()
      .waitFor()
    t.strictSame(asked, [query], path)
  }
  await page.context().close()
}

/** Rows are made for those in sight, and any place is reached. */
async function manyServices({ t, browser, address }: Stage): Promise<void> {
  const { page } = await openPage(browser, WIDE)
  await page.goto(`${address}/services`)
  await page.getByText('TCP 192.168.10.0:80', { exact: true }).waitFor()
  await page.locator('.table-box').evaluate(box => box.scrollTo(0, box.scrollHeight))
  await page.getByText('TCP 192.168.17.207:443', { exact: true }).waitFor()
  const rows = await page.locator('table.services tr').count()
  t.ok(rows < 300, `${rows} rows of 12 000`)
  await page.keyboard.press('/')
  await page.keyboard.type('192.168.12.7:')
  await page.waitForURL(/filter=192.168.12.7/)
  await page.getByText('1 of 2\u202f000 services').waitFor()
  const shown = await page.locator('table.services tbody tr').allInnerTexts()
  t.match(shown, [/192\.168\.12\.7:443/, /→/, /→/, /→/, /→/, /→/])
  await page.context().close()
}

/** One watch ends before the next begins: the director has one for each client. */
async function aWatchAfterAnother({ t, browser, address, api }: Stage): Promise<void> {
  const { page, complaints } = await openPage(browser, LOOKS[0])
  await page.goto(`${address}/connections`)
  const clients = page.getByRole('cell').getByRole('button')
  for (const at of [0, 1, 2, 3]) await clients.nth(at).click()
  await page.getByText('tcp.dstport').first().waitFor()
  for (const at of [2, 1]) {
    const [client = ''] = (await clients.nth(at).textContent())!.split(':')
    await clients.nth(at).click()
    await page.getByRole('heading', { name: client }).waitFor()
    await page.getByText(/next packets: [1-9]/).waitFor()
  }
  t.equal(await page.getByText('EBUSY').count(), 0)
  const hint = page.getByText('Only part of its packets is seen here')
  t.equal(await hint.count(), 0)
  api.leavesFlows = true
  await hint.waitFor()
  api.leavesFlows = false
  t.strictSame(complaints, [])
  await page.context().close()
}

/** What is beside the columns in sight is hinted at, and what a phone's reader clicks is in sight. */
async function aPhone({ t, browser, address }: Stage): Promise<void> {
  const { page } = await openPage(browser, { viewport: { width: 360, height: 740 } })
  const isWhole = (selector: string): Promise<boolean> =>
    page
      .locator(selector)
      .first()
      .evaluate(one => one.scrollWidth <= one.clientWidth && one.getBoundingClientRect().right <= innerWidth)
  await page.goto(`${address}/services`)
  await page.getByText('lint 3', { exact: true }).waitFor()
  t.ok(await isWhole('tr.service th'), 'the mark of lint')
  t.ok(await isWhole('td.share'), 'the share')
  t.ok(await isWhole('td:has(> .usable)'), 'how many take connections')
  await page.locator('.has-more').waitFor()
  await page.locator('.table-box').evaluate(box => box.scrollTo(box.scrollWidth, 0))
  await page.locator('.has-more').waitFor({ state: 'detached' })
  await page.goto(`${address}/service?of=tcp/[2001:db8:85a3::8a2e:370:7334]:8443`)
  await page.getByRole('heading', { name: '2001:db8' }).waitFor()
  t.equal(await tooWide(page), 0, 'a long address')
  await page.goto(`${address}/connections`)
  await page.getByRole('button', { name: '10.0.0.1:1024' }).click()
  t.ok(await isWhole('td:has(> button.link)'), 'the client')
  await page.getByRole('button', { name: '1, from the client' }).waitFor()
  t.ok(await isWhole('td.after'), 'what went out')
  await page.context().close()
}

/** Nothing to draw is not drawn. */
async function noServer({ t, browser }: Stage): Promise<void> {
  const { address, server } = await serveMock(BUILT, new MockApi(1, 0))
  const { page } = await openPage(browser, WIDE)
  await page.goto(`${address}/service?of=tcp/192.168.10.0:80`)
  await page.getByText('It has no real server: its clients are refused.').waitFor()
  await page.getByRole('heading', { name: 'Connections by state' }).waitFor()
  t.equal(await page.locator('.chart').count(), 0)
  await page.context().close()
  server.closeAllConnections()
  server.close()
}

/** What lint says is in the lists, and a plan tells which flows it moves; by keyboard, and at 360 px. */
async function aTry({ t, browser, address }: Stage): Promise<void> {
  for (const { rules, ...look } of LOOKS) {
    const { page, complaints } = await openPage(browser, look)
    const name = `${look.colorScheme}, ${look.viewport.width} px`
    await page.goto(`${address}/services`)
    await page.getByText('lint 3', { exact: true }).waitFor()
    await page.getByText('lint finds hazards in 1201 services; 1 of them are marked').waitFor()
    await page.goto(address)
    await page.getByRole('link', { name: 'lint finds 3 hazards in the rules.' }).click()
    await page.getByRole('heading', { name: 'What lint says' }).waitFor()
    await page.getByText('is known to nobody').waitFor()
    await page.getByText('and 20 more of this service').waitFor()
    await page.goto(`${address}/try`)
    await page.getByRole('textbox').focus()
    await page.keyboard.type('-d -t 192.168.10.0:80 -r 10.0.1.1:80')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    const moved = page.getByRole('region', { name: 'Flows that it moves' })
    await moved
      .getByText(/89\s%\sto the same real server/)
      .first()
      .waitFor()
    await moved.getByText(/^4.?000 of about 123.?456 connections that are open now, of 21 services/).waitFor()
    t.match(await moved.locator('details').allInnerTexts(), [
      /192\.168\.10\.0:80 mh\n.*90\s% stay, 0\s% move.*10\s% break.*10\.0\.1\.1:80\s+50\s%\s+0\s%/s,
      /wlc → removed.*No connection of it is open: 2.?000 flows of made-up clients.*chooses by load or by turn/s,
    ])
    await page.getByText('20 other services').waitFor()
    t.equal(await tooWide(page), 0, name)
    t.strictSame(await broken(page), [], `${name}: no line ends within an address`)
    if (rules) t.strictSame(await seriousFindings(page, [...rules]), [], name)
    t.strictSame(complaints, [], name)
    t.equal(await page.evaluate(() => 'hit' in globalThis), false, 'no markup has run')
    await page.context().close()
  }
}

/** The command, the plan, the token, and only then the change; then a drain. */
async function aChange({ t, browser, address, api }: Stage): Promise<void> {
  const { page, complaints } = await openPage(browser, WIDE)
  await page.goto(`${address}/service?of=tcp/192.168.10.0:80`)
  await page.getByRole('button', { name: 'Add a real server' }).click()
  await page.getByRole('textbox', { name: 'Address' }).fill('10.0.1')
  await page.getByRole('button', { name: 'Show the plan' }).click()
  t.equal(await page.locator('input:invalid').count(), 1, '10.0.1 is no whole address')
  await page.getByRole('textbox', { name: 'Address' }).fill('10.0.1.2')
  await page.getByRole('spinbutton', { name: 'Weight' }).fill('3')
  await page.getByText('uvsadm -a -t 192.168.10.0:80 -r 10.0.1.2:80 -m -w 3').waitFor()
  await page.getByRole('button', { name: 'Show the plan' }).click()
  await page.getByText('+ -a -t 192.168.10.0:80 -r 10.0.1.2:80 -m -w 3').waitFor()
  t.strictSame(api.applied, [], 'a plan changes nothing')
  t.equal((await page.locator('.plan').innerText()).split('1 change').length, 2, 'the sum is said once')
  await page.getByRole('button', { name: 'Unlock to apply' }).click()
  await page.getByLabel('Token').fill(MOCK_TOKEN)
  await page.getByRole('dialog', { name: 'Unlock' }).getByRole('button', { name: 'Unlock' }).click()
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByText('applied: 1 change').waitFor()
  t.equal(api.applied.length, 1)
  await page.getByText('Close', { exact: true }).click()
  await page.getByRole('button', { name: 'Drain 172.16.0.1:8080' }).click()
  await page.getByText('uvs drain -t 192.168.10.0:80 -r 172.16.0.1:8080 --deadline 300s').waitFor()
  await page.getByRole('button', { name: 'Begin to drain' }).click()
  await page.getByText('Draining, 4 min 48 s left:').waitFor()
  await page.goto(`${address}/services`)
  await page.getByRole('button', { name: 'Add a service' }).click()
  await page.getByRole('textbox', { name: 'Address' }).fill('192.168.10.4')
  await page.getByRole('combobox', { name: 'Protocol' }).selectOption('udp')
  await page.getByRole('button', { name: 'Show the plan' }).click()
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByRole('link', { name: 'See UDP 192.168.10.4:80' }).click()
  await page.getByRole('heading', { name: 'UDP 192.168.10.4:80' }).waitFor()
  t.equal(await page.locator('dialog').count(), 0, 'the form is gone')
  t.strictSame(complaints, [])
  await page.context().close()
}

/** Figures that stop coming are called old, until others come; the keys. */
async function oldFigures({ t, browser, address, api }: Stage): Promise<void> {
  const { page } = await openPage(browser, { viewport: { width: 360, height: 500 } })
  await page.goto(`${address}/drops`)
  await page.getByText('drop-ttl').waitFor()
  api.isAlive = false
  await page.getByText('No figures are coming.').waitFor()
  await page.evaluate('scrollTo(0, document.body.scrollHeight)')
  t.ok((await page.getByText('No figures are coming.').boundingBox())!.y > 0, 'in sight of who has scrolled')
  api.isAlive = true
  await page.getByText('No figures are coming.').waitFor({ state: 'detached' })
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keys' }).waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('g')
  await page.keyboard.press('p')
  await page.getByRole('heading', { name: 'Path' }).waitFor()
  t.match(page.url(), /\/path$/)
  await page.context().close()
}
