import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { ASSERTION_FORMS } from '../../../native-free/simulate/scenario/read-assertion.js'
import { readScenario } from '../../../native-free/simulate/scenario/read-scenario.js'

/* What a scenario may say: the reader's word and the schema's are the same. */

const SCHEMA = fileURLToPath(new URL('../../../../docs/schema/scenario-1.json', import.meta.url))
const schema = JSON.parse(readFileSync(SCHEMA, 'utf8')) as object
const takes = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true, allErrors: true }).compile(
  schema,
)

const CLIENTS = { name: 'web', from: '10.1.0.0/16', to: '10.0.0.100:80', arrivals: { poisson: '200/s' } }
const SERVER = { name: 'rs1', address: '10.0.1.1' }
const LEAST = { duration: '30s', clients: [CLIENTS], servers: [SERVER] }

function said(scenario: unknown): string {
  try {
    readScenario(scenario)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

t.test('the least, with its defaults', async t => {
  const scenario = readScenario(LEAST)
  t.match(scenario, { seed: 1, durationMs: 30_000, stepMs: 500, directors: [{ name: 'lb1' }], rules: [] })
  t.match(scenario.clients[0], { untilMs: 30_000, perConnection: 1, timeoutMs: 10_000, link: { delayMs: 5 } })
  t.match(scenario.servers[0], { places: 100, queue: 1000, service: { kind: 'constant', value: 1 } })
  t.ok(takes(LEAST), JSON.stringify(takes.errors))
})

t.test('more than some minutes of work is refused', async t => {
  const clients = (arrivals: object, more = {}) => said({ ...LEAST, clients: [{ ...CLIENTS, arrivals, ...more }] })
  t.equal(
    clients({ burst: 100_000, every: '0.001ms' }),
    'clients[0].arrivals: 3000000000000 requests in all: 2000000 at most',
  )
  t.equal(clients({ burst: 100_000, every: '0.001ms' }, { connections: 2_000_000 }), '')
  t.match(clients({ constant: '1000/s' }, { 'requests per connection': 67 }), /^clients\[0\]\.arrivals: 2010000 /)
  t.equal(clients({ constant: '1000/s' }, { 'requests per connection': 66 }), '')
  const two = [CLIENTS, { ...CLIENTS, name: 'b', from: '10.2.0.0/16', arrivals: { constant: '70000/s' } }]
  t.match(said({ ...LEAST, clients: two }), /^clients\[1\]\.arrivals: 2106000 /)
  const floods = [{ from: '10.9.0.0/16', to: '10.0.0.100:80', syns: '1000000/s', end: '50.001s' }]
  t.match(said({ ...LEAST, duration: '100s', floods }), /^floods\[0\]\.syns: 50001000 SYNs in all: 50000000 at most$/)
})

t.test('more real servers, or more intervals of them, than a result can hold', async t => {
  const all = Array.from({ length: 5001 }, (_, i) => ({
    name: `rs${i}`,
    address: `10.${2 + (i >> 7)}.1.${1 + (i & 127)}`,
  }))
  t.equal(said({ ...LEAST, servers: all }), 'servers[5000]: 5000 at most')
  t.equal(said({ ...LEAST, servers: all.slice(0, 5000) }), '')
  const many = { ...LEAST, servers: all.slice(0, 400), step: '10ms' }
  t.equal(said(many), 'step: 1200000 intervals of all real servers together: 1000000 at most')
  t.equal(said({ ...many, servers: all.slice(0, 300) }), '')
})

t.test('quantities as people write them', async t => {
  const { clients, changes } = readScenario({
    ...LEAST,
    duration: '1m30s',
    clients: [
      {
        ...CLIENTS,
        arrivals: { burst: 5, every: '250ms' },
        size: { pareto: { least: '1k', shape: 1.5 } },
        think: { uniform: ['10ms', 2] },
        link: { delay: '20ms', loss: '0.5 %' },
      },
    ],
    changes: [
      { at: '10s', partition: 'rs1' },
      { at: 5, run: '-A -t 10.0.0.1:80\n\n# no rule\n-D -t 10.0.0.1:80' },
    ],
  })
  t.match(clients[0], {
    arrivals: { kind: 'burst', size: 5, everyMs: 250 },
    size: { kind: 'pareto', least: 1024, shape: 1.5 },
    think: { kind: 'uniform', from: 10, to: 2000 },
    link: { delayMs: 20, loss: 0.005 },
  })
  t.match(changes, [
    { atMs: 5000, kind: 'run', line: '-A -t 10.0.0.1:80' },
    { atMs: 5000, kind: 'run', line: '-D -t 10.0.0.1:80' },
    { atMs: 10_000, kind: 'partition', who: ['rs1'] },
  ])
})

const FLOOD = { from: '100.64.0.0/10', to: '10.0.0.100:80', syns: '5/s' }

/** Each with the beginning of its line. `isShape`: the schema knows it too, without knowing the rest of the scenario. */
const WRONG: readonly [scenario: object, says: string, isShape?: boolean][] = [
  [{ ...LEAST, durations: '30s' }, 'durations: no such key; there are duration, step'],
  [{ clients: [CLIENTS], servers: [SERVER] }, 'duration is missing'],
  [{ ...LEAST, duration: '30 seconds' }, "duration: '30 seconds': a time such as 30s"],
  [{ ...LEAST, duration: '0s' }, "duration: '0s': a time longer than 0", false],
  [{ ...LEAST, clients: {} }, 'clients: {}: a list is expected'],
  [{ ...LEAST, clients: [] }, 'clients: one at least is expected'],
  [{ ...LEAST, clients: [{ ...CLIENTS, to: '10.0.0.100' }] }, "clients[0].to: '10.0.0.100': an address and a port"],
  [
    { ...LEAST, clients: [{ ...CLIENTS, arrivals: { poison: '2/s' } }] },
    'clients[0].arrivals: one of poisson, constant, uniform, burst is expected, and none',
  ],
  [{ ...LEAST, clients: [{ ...CLIENTS, arrivals: { poisson: '2/d' } }] }, "clients[0].arrivals.poisson: '2/d': a rate"],
  [{ ...LEAST, clients: [{ ...CLIENTS, size: { pareto: 3 } }] }, 'clients[0].size.pareto: 3: least and shape'],
  [{ ...LEAST, clients: [{ ...CLIENTS, link: { loss: 0.5 } }] }, "clients[0].link.loss: 0.5: a share such as '5 %'"],
  [{ ...LEAST, servers: [{ ...SERVER, address: '10.0.1.256' }] }, "servers[0].address: '10.0.1.256': an IPv4", false],
  [{ ...LEAST, servers: [{ ...SERVER, queue: -1 }] }, 'servers[0].queue: -1: a whole number from 0 to 1000000'],
  [{ ...LEAST, servers: [SERVER, SERVER] }, "servers[1].name: 'rs1' is there twice", false],
  [{ ...LEAST, servers: [SERVER, { ...SERVER, name: 'rs2' }] }, "servers[1].address: '10.0.1.1' is there twice", false],
  [{ ...LEAST, changes: [{ fail: 'rs1' }] }, 'changes[0]: at is missing'],
  [{ ...LEAST, changes: [{ at: 1, fail: 'rs1', recover: 'rs1' }] }, 'changes[0]: one of run, fail, recover'],
  [{ ...LEAST, changes: [{ at: 1, fail: 'rs2' }] }, "changes[0].fail: 'rs2': rs1, lb1 are there", false],
  [{ ...LEAST, changes: [{ at: 30, fail: 'rs1' }] }, 'changes[0].at: 30 s: the scenario ends at 30 s', false],
  [{ ...LEAST, clients: [{ ...CLIENTS, begin: '40s' }] }, 'clients[0].begin: 40 s: the scenario ends at 30 s', false],
  [{ ...LEAST, clients: [{ ...CLIENTS, begin: 3, end: 1 }] }, 'clients[0].end: 1 s: they begin at 3 s', false],
  [{ ...LEAST, floods: [{ ...FLOOD, begin: '30s' }] }, 'floods[0].begin: 30 s: the scenario ends at 30 s', false],
  [{ ...LEAST, assert: ['lb1 is MASTER at 31s'] }, 'assert[0]: 31 s: the scenario ends at 30 s', false],
  [
    { ...LEAST, assert: ['at most 9 drops of drop-x'] },
    "assert[0]: 'drop-x': no reason of a drop; there are drop-",
    false,
  ],
  [{ ...LEAST, changes: [{ at: 1, fail: 'rs1', how: 'loudly' }] }, "changes[0].how: 'loudly': silent or refuses"],
  [
    { ...LEAST, changes: [{ at: 1, partition: ['rs1', 'lb1', 'web'] }] },
    "changes[0].partition[2]: 'web': two names at most: write another line for it",
  ],
  [{ ...LEAST, changes: [{ at: 1, heal: [] }] }, 'changes[0].heal: one name or two are expected'],
  [{ ...LEAST, changes: [{ at: 1, heal: ['rs1', 'rs1'] }] }, "changes[0].heal[1]: 'rs1' is there twice"],
  [{ ...LEAST, changes: [{ at: 1, heal: ['rs1', 'rs9'] }] }, "changes[0].heal: 'rs9': web, rs1, lb1 are there", false],
  [{ ...LEAST, clients: [{ ...CLIENTS, protocol: 'sctp' }] }, "clients[0].protocol: 'sctp': tcp or udp is expected"],
  [
    { ...LEAST, clients: [CLIENTS, { ...CLIENTS, name: 'dns', from: '10.1.2.3' }] },
    "clients[1].from: 'dns' and 'web' have addresses in common",
    false,
  ],
  [{ ...LEAST, directors: [{}, {}, {}] }, 'directors[2].name', false],
  [{ ...LEAST, assert: ['no real server above all'] }, "assert[0]: 'no real server above all': one of 'no real"],
  [{ ...LEAST, assert: ['rs9 at most 3 %'] }, "assert[0]: 'rs9': rs1 are there", false],
  [{ ...LEAST, assert: ['drain within a minute'] }, "assert[0]: 'drain within a minute': one of", true],
  [{ ...LEAST, name: 'a\u001b[31m', seed: 'x\u001b\u2066' }, "seed: 'x\ufffd\ufffd': a whole number"],
]

t.test('what is wrong is named in a line: place, word, what is allowed', async t => {
  for (const [scenario, says, isShape = true] of WRONG) {
    const message = said(scenario)
    if (says === 'directors[2].name') continue
    t.ok(message.startsWith(says), `${says}: ${message}`)
    t.notMatch(message, /\p{Cc}/u, says)
    t.equal(takes(scenario), !isShape, `the schema: ${says}`)
  }
  t.equal(
    said({ ...LEAST, directors: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] }),
    'directors[2]: two directors at most',
  )
  t.equal(readScenario({ ...LEAST, assert: ['at most 9 drops of link-loss'] }).assertions.length, 1)
  const circle: unknown[] = []
  circle.push(circle)
  t.match(said({ ...LEAST, duration: circle }), /^duration: a list that holds itself: a time such as/)
  t.match(said({ ...LEAST, duration: NaN }), /^duration: NaN: a time such as/)
  t.match(said({ ...LEAST, duration: 5n }), /^duration: a bigint that is no JSON: a time such as/)
  for (const nothing of [null, 3, 'text', []]) t.match(said(nothing), /a scenario is expected, with keys and values$/)
})

t.test('each assertion that is documented is read, and is in the schema and the document', async t => {
  const document = readFileSync(fileURLToPath(new URL('../../../../docs/scenarios.md', import.meta.url)), 'utf8')
  const written = [
    'no real server above 40 %',
    'no real server below 10 %',
    'rs1 at most 75 %',
    'rs1 at least 70 %',
    'no connection broken',
    'at most 3 connections broken',
    'no request failed',
    'at most 3 requests failed',
    'at most 1 % of requests failed',
    'no request moved',
    'at most 3 requests moved',
    'at least 5000 requests answered',
    'drain within 60s',
    'recover within 5s',
    'p99 latency below 200ms',
    'imbalance at most 1.2',
    'queue at most 20',
    'at most 80000 connections in the table',
    'no drop',
    'at most 9 drops of drop-table-full',
  ]
  for (const text of written) {
    const scenario = { ...LEAST, assert: [text] }
    t.equal(readScenario(scenario).assertions[0]?.text, text)
    t.ok(takes(scenario), text)
    t.ok(document.includes(`\`${text}\``), text)
  }
  t.equal(readScenario({ ...LEAST, assert: ['lb1 is MASTER at 30s'] }).assertions[0]?.kind, 'state')
  t.equal(ASSERTION_FORMS.length, written.length + 1)
})
