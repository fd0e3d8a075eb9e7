import * as fc from '../support/properties.js'
import t from 'tap'
import { schedulers } from '../../src/sched/index.js'
import { SERVICES, step, Story, type Step } from './story.js'
import { checkControllers, checkCounts, checkFree, checkLocal, checkTimers, checkWheel } from './whole.js'
import { RECORD_WORDS } from '../../src/conn/record.js'
import { records } from '../support/records.js'

interface Drawn {
  seed: number
  maxConnections: number
  /** Of the services, in their order. */
  names: string[]
  steps: Step[]
}

const count = SERVICES.length
const METHODS = ['masq', 'direct', 'tunnel', 'fullnat', 'masq'] as const
const story: fc.Arbitrary<Drawn> = fc.record({
  seed: fc.nat(1000),
  maxConnections: fc.constantFrom(4, 16, 64),
  names: fc.array(fc.constantFrom(...schedulers.keys()), { minLength: count, maxLength: count }),
  steps: fc.array(step, { minLength: 20, maxLength: 90 }),
})

/** Services of every kind with servers, so that most stories have traffic. */
function begun({ seed, maxConnections, names }: Drawn, isWholePath = false): Story {
  const director = new Story(seed, maxConnections, isWholePath)
  for (const [service, name] of names.entries()) {
    const persistence = service % 2 === seed % 2 ? 60 : 0
    const more = { persistence, netmask: '255.255.255.255', onePacket: seed % 3 === 0, schedFlags: seed & 3 }
    director.happen({ op: 'add-service', service, settings: { scheduler: `x-${name}`, ...more } } as unknown as Step)
    for (const server of [11, 12, 13]) {
      const thresholds = { upperThreshold: seed % 4, lowerThreshold: 0 }
      const reached = { method: METHODS[(seed + server) % METHODS.length]! }
      const what = { op: 'add-destination', service, server, weight: server - 10, thresholds, reached }
      director.happen(what as unknown as Step)
    }
    director.happen({ op: 'add-local-address', service, lip: 201 } as unknown as Step)
  }
  return director
}

/** fast-check prints the seed and the shortest story that fails. What there is no time for is left for another seed. */
function always(numRuns: number, holds: (drawn: Drawn) => void): void {
  fc.assert(fc.property(story, holds), { numRuns, interruptAfterTimeLimit: 8000 })
}

t.test('whatever happens, the tables are whole, counts are right, and nobody outlives his timer', async t => {
  always(100, drawn => {
    const director = begun(drawn)
    const { conns } = director.director
    for (const each of drawn.steps) {
      director.happen(each)
      const all = records(conns)
      checkWheel(conns, all)
      checkControllers(conns, all)
      checkLocal(conns, all)
      checkCounts(conns, all, director.destinations)
      director.pass(0)
      checkTimers(conns, records(conns), director.now)
    }
    checkFree(conns, records(conns))
    if (director.wrongChoices.length > 0) throw new Error(director.wrongChoices.join('; '))
  })
  t.pass('for all that was drawn')
})

t.test('when all have timed out, nothing refers to a destination', async t => {
  always(60, drawn => {
    const director = begun(drawn)
    for (const each of drawn.steps) director.happen(each)
    const { conns, balancing } = director.director
    for (let minutes = 0; minutes < 60 && conns.table.count > 0; minutes++) director.pass(60_000)
    if (conns.table.count > 0) throw new Error(`${conns.table.count} connections after an hour`)
    checkFree(conns, [])
    checkCounts(conns, [], director.destinations)
    checkLocal(conns, [])
    for (const dest of director.destinations)
      if (dest.overloaded) throw new Error(`destination ${dest.index} is overloaded by nobody`)
    // Without services no scheduler remembers anybody, and after some sweeps the trash is empty.
    director.happen({ op: 'flush' })
    for (const dest of director.destinations)
      if (dest.referenced) throw new Error(`destination ${dest.index} is still referred to`)
    for (let sweeps = 0; sweeps < 4; sweeps++) director.pass(60_000)
    for (const dest of director.destinations)
      if (balancing.destinations.at(dest.index) === dest) throw new Error(`destination ${dest.index} is never freed`)
  })
  t.pass('for all that was drawn')
})

t.test('the same story gives the same counts and connections, to the bit', async t => {
  always(15, drawn => {
    const [first, second] = [drawn, drawn].map(each => {
      const director = begun(each)
      for (const one of each.steps) director.happen(one)
      const connections = director.ask({ op: 'connections', from: 0 })
      return JSON.stringify([director.services(), connections, director.director.verdictCounters.byName()])
    })
    if (first !== second) throw new Error('two directors differ')
  })
  t.pass('for all that was drawn')
})

t.test('a story is the same by the whole path: every frame, count, connection and timer', async t => {
  always(100, drawn => {
    const [fast, whole] = [begun(drawn), begun(drawn, true)]
    for (const each of drawn.steps) {
      const told = [fast, whole].map(director => {
        director.sent.length = 0
        director.happen(each)
        const { conns, verdictCounters } = director.director
        const words = records(conns).map(conn => conns.table.words.slice(conn, conn + RECORD_WORDS).join())
        return JSON.stringify([director.sent, director.services(), verdictCounters.byName(), words])
      })
      if (told[0] !== told[1]) throw new Error(`${JSON.stringify(each)}\nfast:  ${told[0]}\nwhole: ${told[1]}`)
    }
  })
  t.pass('for all that was drawn')
})

t.test('no scheduler chooses weight 0 or, lblc’s remembered ones apart, an overloaded server', async t => {
  const service = SERVICES.findIndex(key => 'protocol' in key && key.protocol === 'udp')
  const server = fc.integer({ min: 11, max: 13 })
  const op = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ op: fc.constant('udp'), client: fc.integer({ min: 10, max: 29 }), cport: fc.nat(9) }),
    },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('wait'), ms: fc.constantFrom(10, 100_000, 300_000) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        op: fc.constantFrom('add-destination', 'edit-destination', 'edit-destination'),
        service: fc.constant(service),
        server,
        weight: fc.nat(3),
        thresholds: fc.constantFrom(0, 1, 2, 3).map(upper => ({ upperThreshold: upper, lowerThreshold: 0 })),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ op: fc.constant('delete-destination'), service: fc.constant(service), server }),
    },
  ) as unknown as fc.Arbitrary<Step>
  for (const name of schedulers.keys()) {
    const steps = fc.array(op, { minLength: 40, maxLength: 100 })
    const property = fc.property(fc.nat(3), steps, (schedFlags, drawn) => {
      const director = new Story(1, 64)
      const settings = {
        scheduler: `x-${name}`,
        persistence: 0,
        netmask: '255.255.255.255',
        onePacket: false,
        schedFlags,
      }
      director.happen({ op: 'add-service', service, settings } as unknown as Step)
      for (const last of [11, 12, 13]) {
        const thresholds = { upperThreshold: last - 10, lowerThreshold: 0 }
        director.happen({
          op: 'add-destination',
          service,
          server: last,
          weight: last - 10,
          thresholds,
        } as unknown as Step)
      }
      for (const each of drawn) director.happen(each)
      if (director.wrongChoices.length > 0) throw new Error(director.wrongChoices.join('; '))
    })
    fc.assert(property, { numRuns: 12, interruptAfterTimeLimit: 3000 })
    t.pass(name)
  }
})
