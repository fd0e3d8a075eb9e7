import type { NetnsLab } from './netns-lab.js'
import { ours, which } from './tools.js'

const LIMIT_MS = 60_000

/** Fetches in a namespace, the client's unless told, by curl, else by Node. Answers octets and seconds; throws unless it is a 200, whole. */
export async function fetchUrl(
  lab: NetnsLab,
  url: string,
  from = 'client',
): Promise<{ octets: number; seconds: number }> {
  const curl = which('curl')
  const form = '%{size_download} %{time_total}'
  const text = await (curl
    ? lab.spaces.must(from, curl, ['-sSfo', '/dev/null', '-w', form, url], LIMIT_MS)
    : lab.spaces.must(from, process.execPath, [ours('netns-lab/fetch-program.js'), url], LIMIT_MS))
  const [octets = NaN, seconds = NaN] = text.split(' ').map(Number)
  return { octets, seconds }
}
