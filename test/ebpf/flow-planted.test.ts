import t from 'tap'
import { ownNetwork } from '../linux/own-network.js'
import { EQUIVALENT } from './equivalent-mutants.js'
import { Plants } from './plants.js'

/*
 * The flow program with one instruction altered, 30 times over: what the tests beside this one ask must notice. plant-all.ts plants all.
 */

const skip = ownNetwork()
const PLANTED = 30
const FRAMES = 40_000

t.test('an altered instruction is noticed', { skip, timeout: 240_000 }, async t => {
  const plants = new Plants(FRAMES)
  t.teardown(() => plants.close())
  const all = plants.plants
  for (const [place] of EQUIVALENT)
    t.ok(
      all.some(({ name }) => place.test(name)),
      `${place} names one`,
    )
  for (let i = 0; i < PLANTED; i++) {
    let plant = Math.floor(((i + 0.5) * all.length) / PLANTED)
    while (all[plant]!.equivalent !== undefined || !plants.isTaken(plant)) plant++
    const why = plants.noticed(plant)
    t.ok(why, `${all[plant]!.name}: ${why?.split(':')[0]}`)
  }
})
