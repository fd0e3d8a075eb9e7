import type { Destination } from '../service/destination.js'
import type { SchedulerView } from './scheduler.js'

/** Of schedulers that compare a load by the weight. `rule` says which: 'the least (active + 1) ÷ weight'. */
export function ratioView(rule: string, load: (dest: Destination) => number): SchedulerView {
  return {
    rule,
    of: dest =>
      dest.weight === 0 ? undefined : `${load(dest)} ÷ ${dest.weight} = ${shortened(load(dest) / dest.weight)}`,
  }
}

/** Of schedulers with a table of places, each a server's. `place`: where the flow falls. */
export function placesView(
  kind: string,
  places: ArrayLike<Destination | undefined>,
  place: number,
  otherwise: string,
): SchedulerView {
  return {
    rule: `the server of ${kind} ${place} of ${places.length}${otherwise}`,
    of: dest => {
      let count = 0
      for (let i = 0; i < places.length; i++) if (places[i] === dest) count++
      return `has ${count}${places[place] === dest ? ', this one too' : ''}`
    },
  }
}

function shortened(number: number): string {
  return Number.isInteger(number) ? String(number) : number.toPrecision(6).replace(/\.?0+$/, '')
}
