import { checkLine } from '../../native-free/lab-report.js'
import { hardware } from '../hardware.js'
import { which } from '../tools.js'
import { haChecks } from './ha-checks.js'
import { BIG_OCTETS, HaLab } from './ha-lab.js'
import type { Peer } from './ha-plan.js'
import type { HaReport } from './ha-report.js'
import { HaStory } from './ha-story.js'
import { HaWatch, wallMs } from './ha-watch.js'
import { reigns } from './masters.js'

export interface HaOptions {
  prefix: string
  peer: Peer
  print: (line: string) => void
  signal: AbortSignal
}

/** Builds the lab, takes its directors through the story, prints it as it happens and what is to be said of it; removes the lab, whatever happens. */
export async function haDemo({ prefix, peer: asked, print, signal }: HaOptions): Promise<HaReport> {
  const peer = peerThatIsThere(asked, print)
  for (const tool of ['nginx', 'ab']) if (!which(tool)) print(`${tool} is not installed: using a program of ours`)
  const lab = await HaLab.build({ prefix, peer, signal })
  let watch: HaWatch | undefined
  try {
    for (const name of ['rs1', 'rs2']) print(`${name}$ uvs ${HaLab.realServer().join(' ')}`)
    watch = await HaWatch.begin(lab, print)
    const story = new HaStory(lab, watch, print)
    await story.tell()
    watch.finish()
    signal.throwIfAborted()
    const { adverts, asked: requests, downloads, lost, timeline } = watch
    const { deeds, bursts } = story
    const seen = {
      adverts,
      lost,
      refusals: watch.refusals(),
      deeds,
      asked: requests,
      bursts,
      downloads,
      octets: BIG_OCTETS,
    }
    const checks = haChecks(seen)
    for (const check of checks) print(checkLine(check))
    print(NO_SYNC)
    const failed = requests.filter(({ error }) => error !== undefined).length
    return {
      mode: 'ha',
      peer,
      seconds: (wallMs() - timeline.beganMs) / 1000,
      deeds,
      reigns: reigns(adverts),
      requests: { asked: requests.length, failed },
      downloads,
      bursts,
      checks,
      ...hardware(),
    }
  } finally {
    watch?.end()
    await lab.remove()
  }
}

const NO_SYNC =
  'Connections are not synchronised between directors: a new master knows none of the old one’s, and its kernel resets them; ' +
  'what begins anew is balanced at once.'

/** keepalived, where it is installed. */
export function peerThatIsThere(peer: Peer, print: (line: string) => void): Peer {
  if (peer === 'uvs' || which('keepalived')) return peer
  print('keepalived is not installed: uvs speaks VRRP on lb2 too')
  return 'uvs'
}
