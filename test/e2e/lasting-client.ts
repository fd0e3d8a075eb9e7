/*
 * A client whose connections last: node lasting-client.js ADDRESS PORT CONNECTIONS OCTETS OCTETS-A-SECOND. It makes a request on each of its
 * connections about once a second, and a download that it reads so slowly. Every 200 ms it prints a line of JSON: requests that were answered,
 * by the connection with the fewest, connections that ended, octets that have come; at the end of the download its sum too.
 */
import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { argv } from 'node:process'

const [address = '', port = '', connections = '', octets = '', rate = ''] = argv.slice(2)
const REPORT_MS = 200
const EACH_MS = 1000
const PACE_MS = 20

export interface Report {
  fewest: number
  lost: string[]
  octets: number
  sum: string | null
}
const lost: string[] = []
const answered: number[] = []
let came = 0
let sum: string | null = null

function request(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: lab\r\nConnection: keep-alive\r\n\r\n`
}
/** The head of an answer, and what has come behind it. undefined: not whole yet. */
function split(answer: Buffer): { length: number; body: Buffer } | undefined {
  const end = answer.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = answer.subarray(0, end).toString()
  return { length: Number(/content-length: (\d+)/i.exec(head)?.[1] ?? NaN), body: answer.subarray(end + 4) }
}

function keep(index: number): void {
  answered[index] = 0
  const socket = connect(Number(port), address)
  const ask = (): void => void socket.write(request('/'))
  let rest = Buffer.alloc(0)
  socket.setNoDelay()
  socket.on('connect', () => setTimeout(ask, Math.random() * EACH_MS))
  socket.on('data', (data: Buffer) => {
    rest = Buffer.concat([rest, data])
    const whole = split(rest)
    if (whole === undefined || whole.body.length < whole.length) return
    rest = rest.subarray(rest.length - whole.body.length + whole.length)
    answered[index]!++
    setTimeout(ask, EACH_MS)
  })
  socket.on('error', ({ message }) => lost.push(message))
  socket.on('close', () => lost.push(`connection ${index} ended`))
}

function download(): void {
  const hash = createHash('sha256')
  const socket = connect(Number(port), address)
  let head = Buffer.alloc(0)
  let isBody = false
  const began = performance.now()
  socket.on('connect', () => socket.write(request(`/octets/${octets}`)))
  socket.on('data', (data: Buffer) => {
    let body = data
    if (!isBody) {
      head = Buffer.concat([head, data])
      const whole = split(head)
      if (whole === undefined) return
      isBody = true
      ;({ body } = whole)
    }
    hash.update(body)
    came += body.length
    if (came >= Number(octets)) {
      sum = hash.digest('hex')
      return void socket.removeAllListeners('close').destroy()
    }
    const ahead = came / Number(rate) - (performance.now() - began) / 1000
    if (ahead <= 0) return
    socket.pause()
    setTimeout(() => socket.resume(), Math.max(PACE_MS, ahead * 1000))
  })
  socket.on('error', ({ message }) => lost.push(message))
  socket.on('close', () => lost.push('the download ended'))
}

for (let i = 0; i < Number(connections); i++) keep(i)
download()
setInterval(() => {
  const report: Report = { fewest: Math.min(...answered), lost: lost.slice(0, 5), octets: came, sum }
  process.stdout.write(`${JSON.stringify(report)}\n`)
}, REPORT_MS)
