import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { LoadFigures } from '../../native-free/lab-report.js'
import { must } from '../../netns-lab/proc.js'
import { ours } from '../../netns-lab/tools.js'

interface Seen {
  figures: LoadFigures
  connections: number
}

/** The program's figures, and the connections that it came by; every third request is refused if `refuses`. */
async function load(requests: number, words: string[], refuses = false): Promise<Seen> {
  let [connections, asked] = [0, 0]
  const server = createServer((_, answer) => {
    answer.statusCode = refuses && asked++ % 3 === 0 ? 503 : 200
    answer.end('rs1\n')
  })
  server.on('connection', () => connections++)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const args = [ours('netns-lab/load-program.js'), url, String(requests), ...words]
  const figures = JSON.parse(await must(process.execPath, args)) as LoadFigures
  await new Promise(resolve => server.close(resolve))
  return { figures, connections }
}

t.test('a connection a request, every answer counted', async t => {
  const { figures, connections } = await load(300, ['20'])
  t.match(figures, { answered: 300, failed: 0 })
  t.ok(figures.seconds > 0 && figures.requestsPerSecond > 0 && figures.p99Ms > 0, JSON.stringify(figures))
  t.equal(connections, 300)
})

t.test('connections that stay open', async t => {
  const { figures, connections } = await load(300, ['20', 'kept'])
  t.match(figures, { answered: 300, failed: 0 })
  t.ok(connections <= 20, `${connections} connections`)
})

t.test('what is no 200 has failed, and so has what is refused', async t => {
  t.match((await load(300, ['20'], true)).figures, { answered: 200, failed: 100 })
  const out = await must(process.execPath, [ours('netns-lab/load-program.js'), 'http://127.0.0.1:1/', '10', '2'])
  t.match(JSON.parse(out), { answered: 0, failed: 10, p99Ms: 0 })
})
