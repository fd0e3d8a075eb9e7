import { request, type ClientRequest } from 'node:http'

/** Opens a stream of ticks for each query; resolves when each has had one. Call what it returns to end them. */
export async function openStreams(address: string, queries: readonly string[]): Promise<() => void> {
  const streams: ClientRequest[] = []
  const first = queries.map(
    query =>
      new Promise<void>((resolve, reject) => {
        const stream = request(`${address}api/live?${query}`, { agent: false }, response => {
          response.on('data', () => resolve()).on('error', () => {})
          if (response.statusCode !== 200) reject(new Error(`a stream was answered ${response.statusCode}`))
        })
        stream.on('error', reject).end()
        streams.push(stream)
      }),
  )
  await Promise.all(first)
  return () => streams.forEach(stream => stream.destroy())
}

/** What so many ticks of each stream are, octet by octet. */
export function recordStreams(
  address: string,
  queries: readonly string[],
  ticks: number,
): Promise<Record<string, string[]>> {
  const recorded = queries.map(
    query =>
      new Promise<[string, string[]]>((resolve, reject) => {
        let text = ''
        const stream = request(`${address}api/live?${query}`, { agent: false }, response => {
          response.setEncoding('utf8').on('error', () => {})
          response.on('data', (piece: string) => {
            text += piece
            const said = text.split(END)
            if (said.length <= ticks) return
            stream.destroy()
            resolve([query, said.slice(0, ticks).map(tick => tick + END)])
          })
        })
        stream.on('error', reject).end()
      }),
  )
  return Promise.all(recorded).then(Object.fromEntries)
}
const END = '\n\n'

/** Ten readers of the same page; and ten who have scrolled, sorted and searched each as he likes. */
export const SAME = Array.from({ length: 10 }, () => 'services=0,40')
export const UNLIKE = [
  'services=0,8&sort=cps&order=desc',
  'services=0,40',
  'services=4000,80',
  'services=0,40&sort=active&order=desc',
  'services=0,40&sort=inBps&order=desc',
  'services=0,40&sort=conns&order=asc',
  'services=0,40&filter=192.168.10.100:12',
  'services=8000,80&sort=inactive&order=desc',
  'services=0,40&filter=udp+wlc&sort=weight&order=desc',
  'service=tcp/192.168.10.100:80',
]
