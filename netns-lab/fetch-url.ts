import type { NetnsLab } from './netns-lab.js'
import { ours, which } from './tools.js'

const LIMIT_MS = 60_000

export interface Transfer {
  octets: number
  seconds: number
}

/** Fetches a URL in a namespace, by default the client's, by curl or else by Node. Throws unless the answer is a complete 200. */
export async function fetchUrl(lab: NetnsLab, url: string, from = 'client'): Promise<Transfer> {
  const curl = which('curl')
  const form = '%{size_download} %{time_total}'
  const text = await (curl
    ? lab.spaces.must(from, curl, ['-sSfo', '/dev/null', '-w', form, url], LIMIT_MS)
    : lab.spaces.must(from, process.execPath, [ours('netns-lab/fetch-program.js'), url], LIMIT_MS))
  return readTransfer(text)
}

/** PUTs a file from the client by curl, which ends when the server has confirmed the whole file. */
export async function putFile(lab: NetnsLab, curl: string, file: string, url: string): Promise<Transfer> {
  const form = '%{size_upload} %{time_total}'
  // Without an Expect header, with which curl would wait for a 100 first.
  return readTransfer(
    await lab.spaces.must(
      'client',
      curl,
      ['-sSfo', '/dev/null', '-H', 'Expect:', '-T', file, '-w', form, url],
      LIMIT_MS,
    ),
  )
}

/** '200000000 0.134219' */
function readTransfer(text: string): Transfer {
  const [octets = NaN, seconds = NaN] = text.split(' ').map(Number)
  if (!(octets > 0 && seconds > 0)) throw new Error(`no octets and seconds of a transfer: '${text}'`)
  return { octets, seconds }
}
