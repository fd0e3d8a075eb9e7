import { plural } from './plural.ts'

/* What to look at, and what lint says. */

export const OVERVIEW = {
  overview: {
    sub: (version: string, up: string, workers: number) =>
      `uvs ${version}, up ${up}, ${plural(workers, 'worker', 'workers')}`,
    alerts: 'What to look at',
    allWell: 'Nothing needs you.',
    moreAlerts: (count: number) => `and ${count} more`,
    traffic: 'Traffic of services',
    trafficChart: 'Bits a second in and out, over the last ten minutes',
    connections: 'New connections',
    connectionsChart: 'New connections a second, over the last ten minutes',
    sinceStart: (count: string) => `${count} so far`,
    ofCapacity: (share: string, capacity: string) => `${share} of ${capacity}`,
    reasons: (count: number) => plural(count, 'reason', 'reasons'),
    health: (up: number, down: number, unknown: number) =>
      `servers: ${up} up, ${down} down${unknown > 0 ? `, ${unknown} unknown` : ''}`,
    noChecks: 'no health checks',
    lastMinutes: (name: string) => `${name}, the last ten minutes`,
    busiest: 'Busiest services',
    allServices: 'all',
    busy: (rate: string, active: string) => `${rate}, ${active} active`,
    changes: 'What changed last',
    noChanges: 'Nothing since the director began.',
    by: (who: string) => `by ${who}`,
  },
  alerts: {
    table: (share: string) => `The connection table is ${share} full.`,
    fault: 'A virtual router is in FAULT: it cannot become master.',
    health: (count: number) => `${plural(count, 'real server is', 'real servers are')} down.`,
    noServer: (service: string) => `${service} has no real server that takes connections.`,
    drops: (reason: string, rate: string) => `${reason}: ${rate}`,
    lint: (count: number) => `lint finds ${plural(count, 'hazard', 'hazards')} in the rules.`,
  },
  lint: {
    title: 'What lint says',
    nothing: 'Nothing: these rules do what they look like.',
    mark: (count: number) => `lint ${count}`,
    found: (count: number) => `lint finds ${plural(count, 'hazard', 'hazards')} in its rules`,
    unmarked: (marked: number, all: number) =>
      `lint finds hazards in ${all} services; ${marked} of them are marked here, each page of a service says its own.`,
    more: (count: number) => `and ${count} more of this service`,
  },
}
