import type { NetnsLabOptions } from '../netns-lab.js'
import { leaveStanding } from '../standing-lab.js'
import { besideRules, buildBeside } from './beside-lab.js'
import { drPart, natPart, OWN_WEB_PORT } from './beside-plan.js'

/** `uvs lab up beside`: builds the lab with its director and rules, and leaves it standing. */
export async function besideUp(
  options: Pick<NetnsLabOptions, 'prefix' | 'signal'>,
  print: (line: string) => void,
): Promise<number> {
  const lab = await buildBeside({ ...options, stays: true })
  const others = [natPart.port, OWN_WEB_PORT].map(port => `client curl -s http://${drPart.vip}:${port}/`)
  return leaveStanding(lab, drPart, besideRules(), print, others)
}
