import type { RecordedCase } from './case.js'

/** The rig's addresses of the director, which the kernel holds beside uvs, and what stands for them where they may not be. */
const STAND_INS = new Map([
  ['10.99.1.1', '10.99.1.31'],
  ['10.99.2.1', '10.99.1.32'],
  ['10.99.1.100', '10.99.1.33'],
  ['10.99.1.101', '10.99.1.34'],
  ['127.0.0.1', '10.99.1.35'],
])
const REAL_SERVER = /(-r )([\d.]+)/g

/**
 * Why a recording cannot be played beside the kernel: it has a real server that is the host itself, but for `-g`, and uvs refuses that
 * when it is added (docs/director.md).
 */
export function localNodeOf(recorded: RecordedCase): string | undefined {
  const scripts = [recorded.setup, ...recorded.steps.map(step => (step.kind === 'do' ? step.script : ''))]
  const line = scripts
    .flatMap(script => script.split(/[\n;]/))
    .find(words => withoutLocalNode(words) !== words && !/ -g\b/.test(words))
  return line === undefined ? undefined : `uvs refuses a local node other than by -g: ${line.trim()}`
}

/** The address, unless it is the host's own: then that of a host that does not exist. */
export function elsewhere(address: string): string {
  return STAND_INS.get(address) ?? address
}

/** The script with other hosts in place of local nodes. */
export function withoutLocalNode(script: string): string {
  return script.replaceAll(REAL_SERVER, (_, option: string, address: string) => option + elsewhere(address))
}
