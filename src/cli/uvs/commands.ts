import type { UvsCommand } from './command.js'

/** A new command goes here. Each is loaded when asked for: only `director` needs native code. */
export const commands: Record<string, () => Promise<UvsCommand>> = {
  director: async () => (await import('./director.js')).director,
  realserver: async () => (await import('./realserver.js')).realserver,
  lab: async () => (await import('./lab.js')).lab,
  drain: async () => (await import('./drain.js')).drain,
  lint: async () => (await import('./lint.js')).lint,
  script: async () => (await import('./script.js')).script,
  sysctl: async () => (await import('./sysctl.js')).sysctl,
  verdicts: async () => (await import('./verdicts.js')).verdicts,
  proc: async () => (await import('./proc.js')).proc,
  reset: async () => (await import('./reset.js')).reset,
  completion: async () => (await import('./completion.js')).completion,
  man: async () => (await import('./man.js')).man,
}

export function allCommands(): Promise<UvsCommand[]> {
  return Promise.all(Object.values(commands).map(load => load()))
}
