import t from 'tap'
import { namespacesOf } from '../../../netns-lab/ledger.js'
import { run } from '../../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../../netns-lab/requirements.js'
import { ours, which } from '../../../netns-lab/tools.js'

const PREFIX = `uvs-etcd-bench-${process.pid}-`
const missing = ['nginx', 'wrk', 'etcd'].find(tool => !which(tool))
const skip = (await whyNoNamespaces()) ?? (missing ? `${missing} is not installed` : false)
const changes = (...args: string[]) =>
  run(process.execPath, [ours('bench/wire/etcd-changes.js'), ...args], {
    env: { UVS_LAB_PREFIX: PREFIX },
    timeoutMs: 220_000,
  })

t.test(
  'p99 and CPU time without changes, with others’, with its own; nothing is left',
  { skip, timeout: 230_000 },
  async t => {
    const { status, out, err } = await changes('1', '200', '5')
    t.equal(status, 0, err)
    t.match(out, /^200 services of 5 real servers: the director is ready, with all of them, \d+ ms after its start\n/)
    const [full = '', half = ''] = out.split(/^half load; /m)
    const cpu = /CPU|; data plane (\d+), main thread (\d+), etcd (\d+) {2}(.*)$/gm
    for (const load of [full, half]) {
      const rows = [...load.matchAll(cpu)].filter(([, plane]) => plane !== undefined)
      t.match(
        rows.map(([, , , , title]) => title),
        ['no change', '5 changes a second below another prefix', "5 changes a second of the director's services"],
      )
      for (const [, plane] of rows) t.ok(Number(plane) > 0, 'the data plane worked')
      const [none, elsewhere, own] = rows.map(([, , main, etcd]) => ({ main: Number(main), etcd: Number(etcd) }))
      t.ok(own!.etcd > none!.etcd, 'etcd had to do')
      t.ok(own!.main > none!.main && own!.main > elsewhere!.main, 'the director has changed its own alone')
    }
    t.match(out, /^a change is in the director \d+ \[\d+–\d+\] ms after its put began, with no load; 15 changes\n$/m)
    t.strictSame(await namespacesOf(PREFIX), [])
  },
)

t.test('bad words', async t => {
  for (const args of [[], ['0'], ['x'], ['1', '150'], ['1', '100', '2', '3']]) {
    const { status, err } = await changes(...args)
    t.equal(status, 2)
    t.match(err, /^etcd-changes: the words are [^\n]+\n$/)
  }
})
