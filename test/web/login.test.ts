import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { LoginCodes } from '../../src/control/dashboard/admin/login-codes.js'
import { BenchDirector } from '../support/bench-director.js'
import { serveDashboard } from '../control/dashboard/serve.js'
import { chromiumPath, openPage, seriousFindings, startChromium } from './browser.js'

/* The link and the code of `uvs dashboard login` in Chromium. */

const BUILT = join(dirname(fileURLToPath(import.meta.url)), '../../web')
const executable = chromiumPath()
const skip = executable === undefined ? 'chromium is not installed' : false

t.test('a link logs in once and leaves no trace in the address; a code does the same', { skip }, async t => {
  const codes = new LoginCodes()
  const port = await serveDashboard(t, { control: new BenchDirector().control, codes, folder: BUILT })
  const browser = await startChromium(executable!)
  t.teardown(() => browser.close())
  const site = `http://127.0.0.1:${port}/`
  const link = `${site}services?sort=cps#login=${codes.issue('alice')}`

  const first = await openPage(browser, { viewport: { width: 360, height: 740 }, colorScheme: 'dark' })
  await first.page.goto(link)
  await first.page.getByTitle('alice').waitFor()
  t.equal(first.page.url(), `${site}services?sort=cps`)
  await first.page.goBack().catch(() => {})
  t.notMatch(first.page.url(), /login/)
  t.strictSame(first.complaints, [])

  const second = await openPage(browser, { viewport: { width: 360, height: 740 } })
  await second.page.goto(link)
  const dialog = second.page.getByRole('dialog', { name: 'Unlock' })
  await dialog.getByRole('alert').getByText('a code that was used').waitFor()
  t.equal(second.page.url(), `${site}services?sort=cps`)
  await dialog.getByText('uvs dashboard login').waitFor()
  t.strictSame(await seriousFindings(second.page), [])
  await dialog.getByLabel('Code or token').fill(codes.issue('bob'))
  await dialog.getByLabel('Code or token').press('Enter')
  await second.page.getByTitle('bob').waitFor()
  await second.page.goto(`${site}services#login=${codes.issue('carol')}`)
  await second.page.getByTitle('carol').waitFor()
  t.equal(second.page.url(), `${site}services`, 'where the page stood already, too')
  // The refusal of the used code is a status, and Chromium names each in its console.
  t.strictSame(
    second.complaints.filter(text => !text.includes('status of 403')),
    [],
  )
})
