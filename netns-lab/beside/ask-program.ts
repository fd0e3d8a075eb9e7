/* Asks each URL so many times, a connection each. A program: TIMES URL…. Prints as JSON who answered how often, as Answers. */
import { get } from 'node:http'
import { argv } from 'node:process'

const LIMIT_MS = 10_000

const [times = '1', ...urls] = argv.slice(2)
const answers: Record<string, Record<string, number>> = {}
for (const url of urls) {
  const who: Record<string, number> = (answers[url] = {})
  for (let i = 0; i < Number(times); i++) {
    const name = await ask(url)
    who[name] = (who[name] ?? 0) + 1
  }
}
process.stdout.write(JSON.stringify(answers))

/** The body, which is the answerer's name; else why there was none. */
function ask(url: string): Promise<string> {
  return new Promise(resolve => {
    const request = get(url, { agent: false, timeout: LIMIT_MS }, response => {
      let body = ''
      response.setEncoding('utf8').on('data', text => (body += text))
      response.on('end', () => resolve(body.trim()))
    })
    request.on('timeout', () => request.destroy(new Error('silence')))
    request.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' ? 'refused' : error.message),
    )
  })
}
