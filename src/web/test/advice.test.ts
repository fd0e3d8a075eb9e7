import t from 'tap'
import { verdictNames } from '../../packet/verdict.ts'
import { sysctlNames } from '../../service/sysctls.ts'
import { linkedAdvice } from '../src/pure/linked-advice.ts'
import { parseRoute } from '../src/pure/routes.ts'
import { adviceOn } from '../src/texts.ts'

/* What to do about a drop, as the dashboard says it: by its own pages, where they do it. */

const KEY = { protocol: 'tcp', address: '10.0.0.1', port: 80 } as const

t.test('of a drop whose service is known, the service; of another, the list', async t => {
  const advice = adviceOn('drop-no-destination')!
  const links = linkedAdvice(advice, KEY).filter(({ href }) => href !== undefined)
  t.strictSame(links, [
    { text: 'its page, Edit', href: '/service?of=tcp/10.0.0.1:80' },
    { text: 'Services, thresholds', href: '/services?view=thresholds&filter=TCP+10.0.0.1%3A80' },
    { text: 'Redundancy', href: '/redundancy' },
  ])
  const unknown = linkedAdvice(advice).flatMap(({ href }) => href ?? [])
  t.strictSame(unknown, ['/services', '/services?view=thresholds', '/redundancy'])
  const text = linkedAdvice(advice, KEY).map(part => part.text)
  t.match(text.join(''), /; give one a weight \(its page, Edit\), or see who is full \(Services, thresholds\) or out/)
})

t.test('no command is named that a page does, each link is to a page, each sysctl is one', async t => {
  const shown = [...verdictNames.values()].map(name => linkedAdvice(adviceOn(name) ?? ''))
  for (const parts of shown) t.notMatch(parts.map(({ text }) => text).join(''), /uvs(adm)? /)
  const places = shown.flat().flatMap(({ href }) => (href === undefined ? [] : new URL(href, 'http://uvs')))
  for (const { pathname, search } of places) t.not(parseRoute(pathname, search).page, 'missing', pathname)
  const searched = places.map(({ pathname, searchParams }) => pathname === '/settings' && searchParams.get('search'))
  const sysctls = searched.filter(name => typeof name === 'string')
  t.strictSame(sysctls.sort(), ['drop_entry', 'drop_packet', 'expire_nodest_conn', 'nat_icmp_send'])
  for (const name of sysctls) t.ok(sysctlNames.includes(name), name)
})
