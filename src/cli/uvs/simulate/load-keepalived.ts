import { dirname, resolve } from 'node:path'
import { SIMULATED_CHECKS } from '../../../../native-free/simulate/check-station.js'
import { LINK_NAMES } from '../../../../native-free/simulate/director-station.js'
import type { DirectorPlan, Scenario } from '../../../../native-free/simulate/scenario/scenario.js'
import { ScenarioError, type Path } from '../../../../native-free/simulate/scenario/scenario-error.js'
import { readConfig } from '../../../keepalived/config/read-config.js'
import { formatMessage } from '../../../keepalived/config/report.js'
import type { Surroundings } from '../../../keepalived/config/surroundings.js'
import type { KeepalivedConfig } from '../../../keepalived/config/tree/config.js'
import { hostSurroundings } from '../keepalived/host-surroundings.js'

/** Of each director what its keepalived.conf says. ScenarioError for what cannot be read, or cannot be simulated. */
export function loadKeepalived({ directors }: Scenario, file: string): (KeepalivedConfig | undefined)[] {
  return directors.map((director, i) =>
    director.keepalived === undefined
      ? undefined
      : configOf(director, director.keepalived, file, ['directors', i, 'keepalived']),
  )
}

/** A text of several lines is the configuration itself; else it is the name of a file beside the scenario. */
function configOf(director: DirectorPlan, given: string, file: string, path: Path): KeepalivedConfig {
  const isText = given.includes('\n')
  const name = isText ? 'keepalived.conf' : resolve(dirname(file), given)
  const { config, unread, messages } = readConfig(name, surroundingsOf(director.name, isText ? given : undefined))
  if (unread !== undefined) throw new ScenarioError(path, `'${given}': ${unread}`)
  const wrong = messages.find(({ severity }) => severity === 'error')
  if (wrong || config === undefined)
    throw new ScenarioError(path, wrong ? formatMessage(wrong) : `'${given}' cannot be read`)
  const limit = whatIsNotSimulated(config)
  if (limit !== undefined) throw new ScenarioError(path, limit)
  return config
}

/** Nothing of this host, so that the result is the same on all. */
function surroundingsOf(name: string, text: string | undefined): Surroundings {
  const host = hostSurroundings({ id: name, interfaces: LINK_NAMES })
  let isRead = false
  return {
    ...host,
    read(path) {
      if (text === undefined || isRead) return host.read(path)
      isRead = true
      return { kind: 'file', text }
    },
    hasInterface: link => (LINK_NAMES as readonly string[]).includes(link),
    isLoopback: () => false,
    hasNamespace: () => false,
    hasUser: () => true,
    hasGroup: () => true,
    resolves: () => true,
    script: () => 'runs',
    cpus: 1,
    random: () => 0,
  }
}

function whatIsNotSimulated({ instances, scripts, trackFiles, trackProcesses, virtualServers }: KeepalivedConfig) {
  const instance = instances.find(({ family }) => family === 6)
  if (instance) return `vrrp_instance ${instance.name}: only IPv4 is simulated`
  const tracked = [
    ['vrrp_script', scripts[0]?.name],
    ['track_file', trackFiles[0]?.name],
    ['vrrp_track_process', trackProcesses[0]?.name],
  ].find(([, name]) => name !== undefined)
  if (tracked) return `${tracked.join(' ')}: not simulated; only interfaces are tracked`
  for (const { name, realServers } of virtualServers) {
    const checker = realServers.flatMap(({ checkers }) => checkers).find(({ kind }) => !SIMULATED_CHECKS.includes(kind))
    if (checker) return `virtual_server ${name}: ${checker.kind}: only ${SIMULATED_CHECKS.join(', ')} are simulated`
  }
  return undefined
}
