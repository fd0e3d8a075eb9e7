import type { FleetLab } from './fleet-lab.js'
import { DIRECTOR_ADDRESS, type DirectorName, DIRECTORS, type Vip } from './fleet-plan.js'

/** A flow of the client's: the address that it goes to, and its own port. */
export interface Flow {
  readonly vip: Vip
  readonly port: number
}

/** The name of a flow, to find it again. */
export const flowKey = ({ vip, port }: Flow): string => `${vip} ${port}`

/** The directors that the router's kernel shares flows to `vip` among, in the order of their names. */
export async function nextHops(lab: FleetLab, vip: Vip): Promise<DirectorName[]> {
  const shown = await lab.spaces.must('router', 'ip', ['route', 'show', `${vip}/32`])
  return DIRECTORS.filter(name => new RegExp(`via ${DIRECTOR_ADDRESS[name]}\\b`).test(shown))
}
