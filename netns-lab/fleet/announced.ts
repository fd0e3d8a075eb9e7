import type { Namespaces } from '../namespaces.js'
import type { DirectorName } from './fleet-plan.js'

/** Where each director serves its metrics, in its own namespace. */
export const METRICS = '127.0.0.1:9100'

const PRINT = `fetch('http://${METRICS}/metrics').then(answer => answer.text()).then(text => process.stdout.write(text))`

/** How many VIPs each of these directors says in its metrics that it announces. */
export async function announcedBy(
  spaces: Namespaces,
  names: readonly DirectorName[],
): Promise<Partial<Record<DirectorName, number>>> {
  const texts = await Promise.all(names.map(name => spaces.must(name, process.execPath, ['-e', PRINT])))
  return Object.fromEntries(names.map((name, i) => [name, countOf(texts[i]!)]))
}

function countOf(text: string): number {
  return Number(/^uvs_announced_vips\{state="announced"\} (\d+)$/m.exec(text)?.[1])
}
