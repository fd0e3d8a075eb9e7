import t from 'tap'
import { FleetNews } from '../../../netns-lab/fleet/fleet-news.js'

t.test('what the client tells', async t => {
  const news = new FleetNews()
  const vip = '192.0.2.1'
  news.take([
    JSON.stringify({ kind: 'begun', vip, port: 20000, atMs: 1 }),
    JSON.stringify({ kind: 'begun', vip, port: 20001, atMs: 1 }),
    JSON.stringify({ kind: 'asked', vip, atMs: 2, tookMs: 3 }),
    JSON.stringify({ kind: 'ended', vip, port: 20001, atMs: 4, error: 'ECONNRESET' }),
    JSON.stringify({ kind: 'ended', vip, port: 20002, atMs: 5, error: 'ECONNREFUSED' }),
    JSON.stringify({ kind: 'pulse', atMs: 6, octets: [[20000, 77]] }),
    'a warning of Node’s',
  ])
  t.strictSame([...news.flows.values()], [{ vip, port: 20000 }])
  t.strictSame(news.ended.map(({ port }) => port), [20001], 'one that had not begun is none') // prettier-ignore
  t.strictSame([news.asked.length, news.pulse?.octets], [1, [[20000, 77]]])
})
