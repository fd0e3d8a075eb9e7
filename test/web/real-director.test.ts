import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { natPlan, rules } from '../../native-free/lab-plan.js'
import { LabDashboard } from '../../netns-lab/lab-dashboard.js'
import { NetnsLab } from '../../netns-lab/netns-lab.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { which } from '../../netns-lab/tools.js'
import { uvsadm } from '../../src/cli/uvsadm/run.js'
import type { Control, DestinationInfo, DestinationKey, ServiceInfo } from '../../src/control/protocol/api.js'
import { connectControl } from '../../src/control/socket/client.js'
import { startWithRules } from '../e2e/end-to-end.js'
import { sooner } from '../e2e/lan.js'
import { chromiumPath, openPage, startChromium, tooWide } from './browser.js'

/* The pages in Chromium before a `uvs director` in a namespace, while wrk goes through it. */

const WIDE = { viewport: { width: 1600, height: 900 } }
const PATHS = ['/', '/services', '/connections', '/drops', '/path', '/redundancy', '/settings', '/try']
const SERVICE = `tcp/${natPlan.vip}:80`
const SOON_MS = 60_000

/** Labels of columns, and the figure that stands there. */
const COLUMNS: [string, (of: ServiceInfo | DestinationInfo) => number][] = [
  ['CPS', ({ rates }) => rates.cps],
  ['InPPS', ({ rates }) => rates.inPps],
  ['OutPPS', ({ rates }) => rates.outPps],
  ['InBPS', ({ rates }) => rates.inBps],
  ['OutBPS', ({ rates }) => rates.outBps],
  ['Conns', ({ stats }) => stats.conns],
  ['InPkts', ({ stats }) => stats.inPkts],
  ['OutPkts', ({ stats }) => stats.outPkts],
  ['InBytes', ({ stats }) => stats.inBytes],
  ['OutBytes', ({ stats }) => stats.outBytes],
  ['ActiveConn', sumOf(({ activeConns }) => activeConns)],
  ['InActConn', sumOf(({ inactConns }) => inactConns)],
  ['Weight', sumOf(({ weight }) => weight)],
]
/** Those that are no counters or rates. */
const live = (rows: readonly (readonly number[])[]): string =>
  rows.map(row => row.slice(columnOf('ActiveConn'))).join(';')
const columnOf = (label: string): number => COLUMNS.findIndex(([name]) => name === label)

function sumOf(read: (server: DestinationInfo) => number): (of: ServiceInfo | DestinationInfo) => number {
  return of => ('destinations' in of ? of.destinations.reduce((sum, server) => sum + read(server), 0) : read(of))
}

const executable = chromiumPath()
const missing = executable === undefined ? 'chromium is not installed' : !which('wrk') && 'wrk is not installed'
const skip = (await whyNoNamespaces()) ?? missing

await t.test('a director under load', { skip, timeout: 400_000 }, async t => {
  const options = { prefix: `uvs-web-${process.pid}-`, plan: natPlan, io: 'raw' as const }
  const lab = await NetnsLab.build({ ...options, web: { quiet: true } })
  t.teardown(() => lab.remove())
  const dashboard = new LabDashboard(lab)
  const start = () => startWithRules(lab, rules(natPlan), ...dashboard.options)
  let director = await start()
  const address = await dashboard.open()
  const browser = await startChromium(executable!, ['--host-resolver-rules=MAP evil.example 127.0.0.1'])
  t.teardown(() => browser.close())
  lab.spaces.start('client', 'wrk', 'wrk', ['-t1', '-c20', '-d600', lab.url])
  const control = connectControl(director.control)
  t.teardown(() => control.close())
  const { page, complaints } = await openPage(browser, WIDE)

  await t.test('each figure of the list is that of uvsadm --json at the same tick', async t => {
    await page.goto(`${address}services?view=all`)
    await page.locator('tr.server').nth(1).waitFor()
    const seen = new Set<number>()
    await sooner(async () => {
      const [shown, listed] = [await shownRows(page), await listedService(control)]
      const packets = listed.stats.inPkts
      // Counters are shown as of a tick, every two seconds: this one is, on the page and in the list.
      if (shown[0]?.[columnOf('InPkts')] !== packets || seen.has(packets) || listed.rates.inPps === 0) return false
      const figures = [figuresOf(listed), ...listed.destinations.map(figuresOf)]
      // Connections and weights are as of now: one that has come or gone since is seen with the next tick.
      if (live(shown) !== live(figures)) return false
      t.strictSame(shown, figures)
      return seen.add(packets).size === 3
    }, SOON_MS)
  })

  await t.test('every page, in both themes and widths', async t => {
    for (const look of [
      { colorScheme: 'dark', ...WIDE },
      { colorScheme: 'light', viewport: { width: 360, height: 740 } },
    ] as const) {
      const { page, complaints } = await openPage(browser, look)
      for (const path of [...PATHS, `/service?of=${SERVICE}`]) {
        await page.goto(address + path.slice(1))
        await page.locator('.dot-live').waitFor()
        await page.locator('main h1').waitFor()
        t.equal(await tooWide(page), 0, `${path}, ${look.colorScheme}`)
      }
      t.strictSame(complaints, [])
      await page.context().close()
    }
  })

  await t.test('sorted, searched and saved as CSV and JSON', async t => {
    await page.goto(`${address}services`)
    await page.getByRole('button', { name: 'CPS' }).click()
    await page.waitForURL(/sort=cps&order=desc/)
    await page.keyboard.press('/')
    await page.keyboard.type(':81')
    await page.getByText('No service matches the search.').waitFor()
    for (const kind of ['CSV', 'JSON']) {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: kind }).click(),
      ])
      t.match(readFileSync(await download.path(), 'utf8'), natPlan.vip, kind)
    }
  })

  await t.test('a real server is drained, by who has the token', async () => {
    await page.goto(`${address}service?of=${SERVICE}`)
    await page
      .getByRole('button', { name: /^Drain / })
      .first()
      .click()
    await page.getByRole('dialog').getByRole('button', { name: 'Unlock to apply' }).click()
    await page.getByLabel('Token').fill(dashboard.token)
    await page.getByLabel('Token').press('Enter')
    await page.getByRole('button', { name: 'Begin to drain' }).click()
    await sooner(async () => (await listedService(control)).destinations.some(({ weight }) => weight === 0), SOON_MS)
  })

  await t.test(
    'pages of other origins change nothing for who is logged in, and a name of theirs shows nothing',
    async t => {
      const { destinations } = await listedService(control)
      const { address: at, port } = destinations.find(({ weight }) => weight > 0)!
      const before = destinations.map(({ weight }) => weight)
      await otherOrigin(t, page, address, { address: at, port })
      t.strictSame(
        (await listedService(control)).destinations.map(({ weight }) => weight),
        before,
      )
      const rebound = await openPage(browser, WIDE)
      const answer = await rebound.page.goto(address.replace('127.0.0.1', 'evil.example'))
      t.equal(answer?.status(), 403)
    },
  )

  t.strictSame(
    complaints.filter(text => !/status of 40[0-9]|access control|CORS/.test(text)),
    [],
    'no complaint',
  )

  await t.test('a director that ends is said to be gone, and the next one is found', async t => {
    await page.goto(address)
    await page.locator('.dot-live').waitFor()
    process.kill(director.id.pid, 'SIGTERM')
    t.equal(await director.ended(), 0)
    await page.getByText('The connection to the director is lost').waitFor()
    director = await start()
    await page.getByText('The connection to the director is lost').waitFor({ state: 'detached' })
    await page.locator('.dot-live').waitFor()
    // Its logins are gone with it.
    await page.getByRole('button', { name: 'Unlock' }).waitFor()
  })
})

function figuresOf(of: ServiceInfo | DestinationInfo): number[] {
  return COLUMNS.map(([, read]) => read(of))
}

/** Figures of the service's row and of its real servers', in the order of COLUMNS; a cell's title has all digits. */
function shownRows(page: Page): Promise<number[][]> {
  return page.evaluate<number[][]>(`(() => {
    const labels = [...document.querySelectorAll('table.services thead th')].map(cell => cell.innerText.trim())
    const at = ${JSON.stringify(COLUMNS.map(([label]) => label))}.map(label => labels.indexOf(label))
    return [...document.querySelectorAll('tr.service, tr.server')].map(row => at.map(column => {
      const cell = row.children[column]
      return Number(cell.title || cell.innerText.replace(/ B$/, ''))
    }))
  })()`)
}

async function listedService(control: Control): Promise<ServiceInfo> {
  const { out, status } = await uvsadm(['-L', '--nosort', '--json'], control)
  if (status !== 0) throw new Error(`uvsadm: ${status}`)
  const [service] = (JSON.parse(String(out)) as { services: ServiceInfo[] }).services
  return service!
}

/** A page of the same host, another port, so that the browser does send the cookie: a form, two fetches, a picture. */
async function otherOrigin(t: Test, page: Page, address: string, server: DestinationKey): Promise<void> {
  const drain = {
    service: { protocol: 'tcp', address: natPlan.vip, port: 80 },
    server,
  }
  const evil = `<!doctype html><title>other</title>
    <form method="post" enctype="text/plain" action="${address}api/drain"><input name='${JSON.stringify(drain).slice(0, -1)},"a":"' value='"}'></form>
    <img src="${address}api/drain"><script>
      const init = { method: 'POST', credentials: 'include', body: ${JSON.stringify(JSON.stringify(drain))} }
      globalThis.done = Promise.allSettled([
        fetch('${address}api/drain', { ...init, mode: 'no-cors' }),
        fetch('${address}api/drain', { ...init, headers: { 'content-type': 'application/json' } }),
        fetch('${address}api/session', { credentials: 'include' }),
      ]).then(results => results.map(({ value }) => value?.type))
    </script>`
  const site = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(evil))
  await new Promise<void>(resolve => site.listen(0, '127.0.0.1', resolve))
  t.teardown(() => site.close())
  const refused: string[] = []
  const there = await page.context().newPage()
  there.on('response', response => {
    if (response.url().startsWith(address)) refused.push(`${response.request().method()} ${response.status()}`)
  })
  await there.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`)
  t.notOk(
    (await there.evaluate<string[]>('globalThis.done')).some(type => type === 'cors' || type === 'basic'),
    'nothing can be read',
  )
  const [answer] = await Promise.all([
    there.waitForResponse(response => response.request().isNavigationRequest()),
    there.evaluate('document.forms[0].submit()'),
  ])
  t.equal(answer.status(), 403, 'a form')
  t.ok(refused.includes('POST 403'), refused.join(', '))
  t.strictSame(
    refused.filter(line => !/ (403|405)$/.test(line)),
    [],
  )
  await there.close()
}
