import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ReloadPlanner } from '../../../../src/cli/uvs/director/reload-plan.js'
import {
  newComplaints,
  readKeepalived,
  tellComplaints,
  type ReadBy,
  type ReadFile,
} from '../../../../src/cli/uvs/director/read-keepalived.js'
import type { ServiceInfo } from '../../../../src/control/protocol/api.js'
import { hostSockets } from '../../../../src/keepalived/checkers/host-sockets.js'
import { HealthChecker } from '../../../../src/keepalived/health/health-checker.js'
import { isChange } from '../../../../src/keepalived/health/rehearse-reload.js'
import { RuleWriter } from '../../../../src/keepalived/rules/rule-writer.js'
import { BenchDirector } from '../../../support/bench-director.js'
import { tempDir } from '../../../support/temp.js'

const service = (port: number, weights: readonly number[], more = ''): string => {
  const servers = weights.map((weight, i) => `real_server 10.1.2.${i + 1} 80 {\nweight ${weight}\n}\n`)
  return `virtual_server 10.1.1.1 ${port} {\nlb_algo wrr\nlb_kind NAT\nprotocol TCP\n${more}\n${servers.join('')}}\n`
}
const instance = (priority: number): string =>
  `vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 51\npriority ${priority}\nvirtual_ipaddress {\n10.1.1.1/32\n}\n}\n`

const read = (file: string): Promise<ReadFile> =>
  readKeepalived({
    file,
    interfaces: ['eth0'],
    hasKernel: true,
    given: { devices: [], director: { addresses: [], seed: 1 } },
    makeTrial: () => new BenchDirector().control,
  })

t.test('what is told of a file that is read again: what the one before was not told of', async t => {
  const dir = tempDir(t)
  const reading = (name: string, text: string): Promise<ReadFile> => {
    writeFileSync(join(dir, name), text)
    return read(join(dir, name))
  }
  const quiet = await reading('a', service(80, [1]))
  const snmp = `global_defs {\nenable_snmp_vrrp\n}\n${service(80, [1])}`
  const said = newComplaints(await reading('b', snmp), quiet)
  t.match(said, [{ line: /\/b:2: warning: .*enable_snmp_vrrp/, isError: false }])
  t.equal(said.length, 1)
  t.strictSame(
    newComplaints(await reading('c', `\n\n${snmp}`), await read(join(dir, 'b'))),
    [],
    'a line that moved is not news',
  )
})

t.test('of very many complaints a hundred are told, and how many more', async t => {
  const file = join(tempDir(t), 'k.conf')
  writeFileSync(file, Array.from({ length: 103 }, (_, i) => `word${i}\n`).join(''))
  const told: string[] = []
  tellComplaints((await read(file)).complaints, file, line => told.push(line))
  t.match(
    [told.length, told[99], told[100]],
    [101, /:100: error: .*word99/, `and 3 more: uvs keepalived check --json ${file}`],
  )
})

t.test('what the director would refuse: by the line of its block', async t => {
  const alone = {
    devices: [{ kind: 'tap', name: 'tap0', mac: undefined }],
    director: { addresses: ['10.1.1.9/24@tap0'], seed: 1 },
  } as const
  const held = join(tempDir(t), 'k.conf')
  const reading = (text: string): Promise<ReadFile> => {
    writeFileSync(held, text)
    return readKeepalived({
      file: held,
      interfaces: ['tap0'],
      hasKernel: false,
      given: alone as unknown as ReadBy['given'],
      makeTrial: () => new BenchDirector().control,
    })
  }
  const v6 = `\n${instance(100).replace('eth0', 'tap0').replace('10.1.1.1/32', 'fe80::1')}`
  await t.rejects(reading(v6), {
    message: /^--keepalived: .*k\.conf:2: vrrp_instance VI_1: no IPv6 on tap0, which is uvs's alone$/,
  })
  const checked = service(80, [1]).replace('weight 1', 'TCP_CHECK {\n}')
  await t.rejects(reading(checked), {
    message: /^--keepalived: .*k\.conf:1: virtual server \S+: TCP_CHECK needs an interface .*: tap0 is uvs's alone$/,
  })
  const file = join(tempDir(t), 'k.conf')
  writeFileSync(file, `# twos\n${service(80, [1]).replace('wrr', 'twos')}`)
  const why =
    /^--keepalived: .*k\.conf:2: virtual server \[10\.1\.1\.1\]:tcp:80: lb_algo twos: uvs has no such scheduler; it has rr, /
  await t.rejects(read(file), { message: why })
})

t.test('what a reload would change, and nothing changes', async t => {
  const dir = tempDir(t)
  const bench = new BenchDirector()
  const write = (name: string, text: string): string => {
    const file = join(dir, name)
    writeFileSync(file, text)
    return file
  }
  const running = await read(write('k.conf', service(80, [1, 1, 1]) + service(81, [1]) + instance(100)))
  const writer = new RuleWriter(bench.control, message => t.fail(message))
  const checker = new HealthChecker({
    services: running.services,
    settings: running.config.global,
    act: action => isChange(action) && writer.change(action),
    sockets: hostSockets,
    fileValue: () => 0,
    isSuspended: () => false,
  })
  t.teardown(() => checker.stop(true))
  checker.start()
  await writer.written()
  const before = bench.services()
  t.equal((before as ServiceInfo[]).length, 2)
  const planner = new ReloadPlanner({ director: bench.control, checker, read, running: () => running })
  const planned = async (text: string) => {
    const page = await planner.page(write('new.conf', text), 0)
    if (!page.ok) return page.message
    const { rows, instances, left } = page.value
    t.strictSame(left, [])
    return [
      ...rows.map(({ request }) => request.op),
      ...instances.map(({ instance: name, change }) => `${name} ${change}`),
    ]
  }
  t.strictSame(await planned(service(80, [1, 1, 1]) + service(81, [1]) + instance(100)), [])
  t.strictSame(await planned(service(80, [1, 5]) + service(82, [1, 2]) + instance(150)), [
    'delete-service',
    'delete-destination',
    'add-service',
    'edit-destination',
    'add-destination',
    'add-destination',
    'VI_1 changed',
  ])
  const wrong = `${service(80, [1])}no_such_keyword\n`
  t.match(await planned(wrong), /^\/.*new\.conf:\d+: error: Unknown keyword 'no_such_keyword'/)
  t.match(await planned(`${wrong}nor_this\n`), /no_such_keyword.* \(and 1 more: uvs keepalived check \/.*new\.conf\)$/)
  t.match(await planner.page(join(dir, 'gone.conf'), 0), {
    refusal: 'EINVAL',
    message: /gone.conf': there is no such file$/,
  })
  t.match(await planned('vrrp_instance V {\nvirtual_router_id\n'), /missing a parameter/)
  const many = await planner.page(
    write('new.conf', Array.from({ length: 300 }, (_, i) => service(1000 + i, [1])).join('')),
    0,
  )
  t.match(many, { ok: true, value: { rows: { length: 256 }, next: 256 } })
  const rest = await planner.page(write('new.conf', ''), 256)
  t.match(rest, { ok: true, value: { instances: [], next: 512 } }, 'pages are of the first one’s plan')
  t.strictSame(bench.services(), before)
})
