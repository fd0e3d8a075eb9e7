import { plural } from './plural.ts'

/* The director itself, and others beside it. */

export const DIRECTOR = {
  redundancy: {
    role: (role: string) => `This director is ${role}.`,
    noVrrp: 'This director speaks no VRRP: it runs no keepalived.conf with virtual routers.',
    instances: 'Virtual routers',
    noInstances: 'keepalived.conf has none.',
    columns: ['Instance', 'State', 'Priority', 'Since', 'Why', 'Last advert', 'Addresses', 'Transitions'],
    advert: (source: string, priority: number, ago: string) => `${source}, priority ${priority}, ${ago} ago`,
    groups: 'Groups and scripts',
    announced: (name: string) => `Announced by ${name}`,
    vips: (announced: number, held: number, idle: number, elsewhere: number) =>
      `${announced} announced, ${held} held down, ${idle} without a real server, ${elsewhere} the kernel’s elsewhere`,
    withdrawn: 'All addresses are withdrawn.',
    drain: (state: string, time: string, connections: number) => `${state}, ${time} left, ${connections} connections`,
    timeline: 'Transitions',
    noEvents: 'None since the director began.',
    health: (up: number, down: number, unknown: number) =>
      `Virtual servers: ${up} up, ${down} down, ${unknown} unknown`,
    allUp: 'All are up.',
    noSync: 'Connections are not synchronised between directors; docs/fleet.md says what mh keeps.',
  },
  fleet: {
    title: 'Fleet',
    columns: ['Director', 'State', 'Rules', 'Connections', 'New', 'Packets in', 'Services', 'Since', 'uvs'],
    self: 'this one',
    revision: (revision: number, written?: string) =>
      `Rules of revision ${revision}${written === undefined ? '' : `, last written by ${written}`}`,
    lags: (has: number, newest: number) => `${has}, behind ${newest}`,
    rules: (services: number, servers: number, down: number) =>
      `${services}, ${plural(servers, 'real server', 'real servers')}${down > 0 ? `, ${down} of weight 0` : ''}`,
  },
  settings: {
    sub: (version: string, node: string, pid: number, workers: number) =>
      `uvs ${version}, Node ${node}, process ${pid}, ${plural(workers, 'worker', 'workers')}`,
    timeouts: 'Timeouts of connections',
    howToSet: 'How they are set:',
    options: 'Options it was started with',
    noOptions: 'none',
    interfaces: 'Interfaces',
    beside: 'beside the kernel',
    alone: 'held alone',
    mtu: (mtu: number) => `mtu ${mtu}`,
    addresses: 'Own addresses',
    routes: 'Routes',
    neighbours: 'Static neighbours',
    nothingGiven: 'None is given.',
    changes: 'Changed since the start',
    now: 'The network as the director has it now',
    addressesNow: 'Addresses of its interfaces',
    routesNow: 'Routes in use',
    neighboursNow: 'Neighbours it knows',
    noNeighbours: 'none yet: it asks for one when a packet is to go there',
    elsewhere: '(by another interface: left to the kernel)',
    kernels: '(the kernel’s)',
    none: 'none',
    more: (count: number) => `and ${count} more`,
    keepalived: 'keepalived.conf as it was read',
    warnings: 'What was complained of',
    noWarnings: 'Nothing.',
    search: 'Search sysctls',
  },
}
