import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { MONITORING, queries, readDashboard } from './dashboard.js'

const skip = spawnSync('promtool', ['--version']).status === 0 ? false : 'there is no promtool (prometheus)'

function promtool(...args: string[]): string {
  return execFileSync('promtool', args, { cwd: MONITORING, encoding: 'utf8', stdio: 'pipe' })
}

t.test('the dashboard: panels that do not overlap, every query by the chosen data source', async t => {
  const { panels, templating, schemaVersion } = readDashboard()
  t.ok(schemaVersion >= 36, 'of Grafana 10 or so')
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length, 'ids')
  t.equal(templating.list[0]?.type, 'datasource')
  const taken = new Set<string>()
  for (const { title, type, gridPos, targets = [], datasource } of panels) {
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        if (taken.has(`${x},${y}`) || x >= 24) t.fail(`${title}: ${x},${y} is taken or does not exist`)
        taken.add(`${x},${y}`)
      }
    if (type === 'row') continue
    t.ok(targets.length > 0, title)
    t.equal(datasource?.uid, '${datasource}', title)
  }
  const asked = queries(readDashboard())
  t.ok(asked.length > 50, `${asked.length} queries`)
  for (const { where, expr } of asked) t.notMatch(expr, /\$/, where)
})

t.test('promtool: the alerts are rules, and come when they are to', { skip }, async t => {
  t.match(promtool('check', 'rules', 'alerts.yml'), /SUCCESS: \d+ rules found/)
  t.match(promtool('test', 'rules', 'alerts-test.yml'), /SUCCESS/)
})

t.test('every alert has a test', async t => {
  const [alerts, tests] = ['alerts', 'alerts-test'].map(name => readFileSync(`${MONITORING}/${name}.yml`, 'utf8'))
  for (const [, name] of alerts!.matchAll(/- alert: (\w+)/g))
    t.match(tests, new RegExp(`alertname(: |=")${name}\\b`), name!)
})
