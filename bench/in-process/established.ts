import { type Group, type Measure, once, type Plan } from './measure.js'
import { MODES, type Mode } from './modes.js'
import { BATCH, openScene, type Scene } from './scene.js'
import { stages } from './stages.js'
import { timedWithCopy } from './timed.js'
import { Walk } from './walk.js'

/**
 * The cost of a packet of an open connection from Director.receive to the device, with connections in a random order: each packet
 * written into its slot and handled at once (if both directions pass), and in batches of 64 written before the first is handled.
 */
export function established({ connections }: Plan): Group[] {
  return connections.flatMap(count => MODES.map(mode => group(mode, count)))
}

function group(mode: Mode, count: number): Group {
  const scene = once(() => openScene(mode, count))
  const directions = mode.outbound ? (['inbound', 'outbound'] as const) : (['inbound'] as const)
  const name = `established packet, ${mode.name}`
  const measures = directions.flatMap(direction => {
    const walked = (how: string, batch: number): Measure =>
      timedWithCopy(`${name}, ${direction}, ${count} connections, ${how}`, BATCH, () => walk(scene(), direction, batch))
    return [...(mode.outbound ? [walked('one by one', 1)] : []), walked(`by ${BATCH}`, BATCH)]
  })
  return { name: `${name}, ${count}`, measures: [...measures, ...stages(mode, count, scene)] }
}

function walk(scene: Scene, direction: 'inbound' | 'outbound', batch: number): Walk {
  return new Walk(scene, scene[direction], direction === 'inbound' ? 0 : 1, batch)
}
