import { plural } from './plural.ts'

/* Services, their real servers, and changes of them. */

export const RULES = {
  services: {
    table: 'Virtual services and their real servers',
    count: (matched: string, total: string) =>
      `${matched === total ? '' : `${matched} of `}${total} ${total === '1' ? 'service' : 'services'}`,
    search: 'Search services',
    columns: 'Columns',
    views: { live: 'now', stats: 'since the start', thresholds: 'thresholds', all: 'all' },
    realServers: 'real servers',
    add: 'Add a service',
    none: 'There are no virtual services yet.',
    noneMatches: 'No service matches the search.',
    name: 'Prot LocalAddress:Port',
    share: 'Share',
    usable: (usable: number, all: number) => `${usable} of ${all}`,
    forwardTitle: 'Of a service: its scheduler. Of a real server: how it is reached.',
    shareTitle: (has: string, wants: string) => `does ${has} of the work; its weight asks for ${wants}`,
  },
  service: {
    see: (name: string) => `See ${name}`,
    gone: 'There is no such service. Perhaps it was removed.',
    servers: (count: number) => plural(count, 'real server', 'real servers'),
    noServers: 'It has no real server: its clients are refused.',
    server: 'Real server',
    rates: (cps: string, bitsIn: string, bitsOut: string) => `${cps} new, ${bitsIn} in, ${bitsOut} out`,
    addServer: 'Add a real server',
    edit: (name: string) => `Edit ${name}`,
    editShort: 'Edit',
    remove: (name: string) => `Remove ${name}`,
    removeShort: 'Remove',
    removeNote: 'Its connections end, and its real servers go with it.',
    removeServerNote: (count: number) =>
      `It has ${plural(count, 'active connection', 'active connections')}, which end. To let them finish first, drain it.`,
    weight0: 'weight 0',
    templates: 'Templates',
    hasShare: (share: string) => `does ${share}`,
    wantsShare: (share: string) => `weight asks ${share}`,
    has: 'does',
    wants: 'weight asks',
    distribution: 'Distribution against weights',
    distributionChart: 'Each real server’s share of the work, over the last five minutes',
    states: 'Connections by state',
    statesPartly: (count: string) => `of the first ${count} that were counted`,
    seeConnections: 'see them',
    noConnections: 'No connection of it is open.',
    since: (time: string) => `since ${time}`,
    lastError: (why: string, time: string) => `last error at ${time}: ${why}`,
  },
  drain: {
    short: 'Drain',
    title: (server: string) => `Drain ${server}`,
    note: (active: number, inactive: number) =>
      `Its weight becomes 0: it takes no new connections, and its ${active} active and ${inactive} inactive ones may end.`,
    deadline: 'Deadline, seconds',
    leftThen: 'What is left then',
    keep: 'stays',
    reset: 'is reset',
    begin: 'Begin to drain',
    cancel: 'Stop draining',
    undo: (weight: number) => `Put its weight back to ${weight}`,
    orBy: 'Or by a command:',
    undoBy: 'To put its weight back:',
    last: 'It is the last one that takes new connections: all new clients will be refused.',
    left: (time: string) => `Draining, ${time} left:`,
    counts: (active: number, inactive: number, persistent: number) =>
      `${active} active, ${inactive} inactive, ${plural(persistent, 'template', 'templates')}.`,
    estimate: (time: string) => `Done in about ${time}.`,
  },
  forms: {
    protocol: 'Protocol',
    mark: 'Firewall mark',
    address: 'Address',
    addressHint: '10.0.0.100',
    addressForm: 'Four numbers with dots between them, as 10.0.0.100, or an IPv6 address.',
    port: 'Port',
    scheduler: 'Scheduler',
    persistence: 'Persistence, seconds',
    onePacket: 'one-packet scheduling (UDP)',
    weight: 'Weight',
    method: 'Forwarding',
    masq: 'Masq: NAT (-m)',
    direct: 'Route: direct routing (-g)',
    tunnel: 'Tunnel (-i)',
    fullnat: 'FullNAT (-b)',
    upper: 'Upper threshold',
    lower: 'Lower threshold',
  },
  change: {
    plan: 'Show the plan',
    planning: 'The plan is being made …',
    apply: 'Apply',
    unlockFirst: 'Unlock to apply',
    nothing: 'Nothing would change.',
    planned: (changes: number, connections: number) =>
      `${plural(changes, 'change', 'changes')}; ${plural(connections, 'open connection is', 'open connections are')} of servers that it touches.`,
    done: 'Done.',
    unanswered: (why: string) =>
      `${why}, so the change may have been made, or not. Once it answers, make the plan again: it shows what is left to do.`,
  },
  moved: {
    title: 'Flows that it moves',
    connections: (flows: string, openNow: string, services: number) =>
      `${openNow === '1' ? 'The one connection that is' : flows === openNow ? `All ${flows} connections that are` : `${flows} of about ${openNow} connections that are`} open now, of ${plural(services, 'service', 'services')} that it changes, put through directors with the rules before and after.`,
    madeUp: (flows: string, services: number) =>
      `No connection is open of the ${plural(services, 'service', 'services')} that it changes: ${flows} flows of made-up clients, put through directors with the rules before and after.`,
    rowMadeUp: (flows: string) => `No connection of it is open: ${flows} flows of made-up clients.`,
    open: (stay: string, move: string, broken: string) =>
      `Open connections: ${stay} stay, ${move} move to a real server that does not know them, ${broken} break.`,
    again: (same: string, elsewhere: string) =>
      `New connections of the same clients: ${same} to the same real server, ${elsewhere} to another.`,
    none: 'No flow moves: it changes no service of TCP or UDP that is there now.',
    becomes: (before: string, after: string) => `${before} → ${after === '' ? 'removed' : after}`,
    means: (scheduler: string, persistence: number) =>
      persistence > 0
        ? `Persistent: who comes again within ${persistence} s stays with its real server, unless that is gone.`
        : (SCHEDULERS[scheduler] ?? BY_TURN(scheduler)),
    servers: (service: string) => `New connections of each real server of ${service}`,
    columns: ['Real server', 'Before', 'After'],
    more: (services: number) => `${plural(services, 'other service', 'other services')}, whose flows move less.`,
  },
  try: {
    sub: 'What would happen: the plan is made, and how many flows it moves; nothing is changed before you apply it.',
    input: 'Rules to try',
    typed: 'what is typed',
    mode: 'What is typed',
    modes: { lines: 'changes', rules: 'all rules' },
    label: {
      lines: 'uvsadm lines, upon the present rules',
      rules: 'All rules, as uvsadm-save writes them: what is not there goes',
    },
    load: 'Load the present rules',
    example: '-A -t 10.0.0.100:80 -s wrr\n-a -t 10.0.0.100:80 -r 10.0.1.2:80 -m -w 2',
  },
}

const SCHEDULERS: Readonly<Record<string, string>> = {
  mh: 'mh chooses by the client’s address: but for clients of real servers that come or go, few come to another.',
  sh: 'sh chooses by the client’s address, and deals nearly all clients anew when a real server comes or goes, or a weight changes.',
  dh: 'dh chooses by the virtual address: its clients go to one real server, all of them or none.',
}
/** Of wlc, rr and the like. */
const BY_TURN = (scheduler: string): string =>
  `${scheduler} chooses by load or by turn: a client comes to another real server at any time, with this change or without. What counts is what is open.`
