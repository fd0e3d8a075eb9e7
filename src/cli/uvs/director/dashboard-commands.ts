import { setTimeout as sleep } from 'node:timers/promises'
import type { Commands, DrainAsked } from '../../../control/dashboard/admin/commands.js'
import type { Control } from '../../../control/protocol/api.js'
import { serviceWords } from '../../uvsadm/commands/save.js'
import { endpointText } from '../../../control/protocol/service-name.js'
import { systemNames, type Names } from '../../uvsadm/options/names.js'
import { drainServer } from '../drain/drain.js'
import type { DrainOptions } from '../drain/drain-options.js'
import { inListedOrder } from '../plan-order.js'
import { commandOf } from '../rules/format-plan.js'
import { withoutHosts } from './rules-work/rules-desk.js'

/** What the dashboard takes of the commands: how rules are written, and `uvs drain`. */
export function dashboardCommands(): Commands {
  const names = withoutHosts(systemNames())
  return {
    lines: changes => inListedOrder(changes).map(commandOf),
    drain: (asked, control, tell, stop) => drain(asked, control, tell, stop, names),
    names: ({ service, server }) => ({ service: serviceWords(service), server: endpointText(server) }),
  }
}

async function drain(
  asked: DrainAsked,
  control: Control,
  tell: (progress: object) => void,
  stop: AbortSignal,
  names: Names,
): Promise<void> {
  const { service, server, deadlineS, afterwards } = asked
  const options: DrainOptions = {
    service:
      'mark' in service
        ? { mark: String(service.mark), ...(service.family && { family: service.family }) }
        : { protocol: service.protocol, text: endpointText(service) },
    realServer: endpointText(server),
    deadlineS,
    afterwards,
    json: true,
    control: undefined,
  }
  const world = {
    now: () => performance.now() / 1000,
    wait: (seconds: number, signal: AbortSignal) =>
      sleep(seconds * 1000, undefined, { signal, ref: false }).catch(() => {}),
    output: {
      write: (lines: string) => {
        for (const line of lines.trimEnd().split('\n')) tell(JSON.parse(line) as object)
      },
      columns: undefined,
      secondsALine: 0,
    },
    names,
  }
  await drainServer(options, control, world, stop)
}
