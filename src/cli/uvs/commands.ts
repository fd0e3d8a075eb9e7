import type { UvsCommand } from './command.js'

/** The commands; a new one goes here. Each is loaded at its first use: only `director` needs native code. */
export const commands: Record<string, () => Promise<UvsCommand>> = {
  director: async () => (await import('./director/director.js')).director,
  realserver: async () => (await import('./realserver/realserver.js')).realserver,
  lab: async () => (await import('./lab/lab.js')).lab,
  drain: async () => (await import('./drain/drain.js')).drain,
  keepalived: async () => (await import('./keepalived/keepalived.js')).keepalived,
  health: async () => (await import('./seen/health.js')).health,
  vrrp: async () => (await import('./seen/vrrp.js')).vrrp,
  top: async () => (await import('./top/top.js')).top,
  dashboard: async () => (await import('./dashboard/dashboard.js')).dashboard,
  offload: async () => (await import('./seen/offload.js')).offload,
  replay: async () => (await import('./replay/replay.js')).replay,
  simulate: async () => (await import('./simulate/simulate.js')).simulate,
  doctor: async () => (await import('./doctor/doctor.js')).doctor,
  drops: async () => (await import('./explain/drops.js')).drops,
  record: async () => (await import('./record/record.js')).record,
  explain: async () => (await import('./explain/explain.js')).explain,
  lint: async () => (await import('./rules/lint.js')).lint,
  fleet: async () => (await import('./fleet/fleet.js')).fleet,
  script: async () => (await import('./rules/script.js')).script,
  plan: async () => (await import('./rules/plan.js')).plan,
  apply: async () => (await import('./rules/apply.js')).apply,
  sysctl: async () => (await import('./sysctl.js')).sysctl,
  vip: async () => (await import('./vip.js')).vip,
  verdicts: async () => (await import('./verdicts.js')).verdicts,
  proc: async () => (await import('./proc.js')).proc,
  reset: async () => (await import('./reset.js')).reset,
  completion: async () => (await import('./completion/completion.js')).completion(allCommands),
  man: async () => (await import('./man/man.js')).man(allCommands),
}

export function allCommands(): Promise<UvsCommand[]> {
  return Promise.all(Object.values(commands).map(load => load()))
}
