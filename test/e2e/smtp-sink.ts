import { createServer, type Socket } from 'node:net'

/* A program: an SMTP server on 127.0.0.1 port 2525 that prints each mail as a line of JSON: what the client said, without its Date. */

function serve(socket: Socket): void {
  const said: string[] = []
  let text = ''
  let isData = false
  socket.on('error', () => {})
  socket.on('close', () => {
    if (said.includes('.')) process.stdout.write(`${JSON.stringify(said)}\n`)
  })
  socket.write('220 mx.example.com ESMTP\r\n')
  socket.on('data', octets => {
    text += octets.toString()
    for (let at = text.indexOf('\r\n'); at >= 0; at = text.indexOf('\r\n')) {
      const line = text.slice(0, at)
      text = text.slice(at + 2)
      if (!line.startsWith('Date: ')) said.push(line)
      if (line === 'DATA') socket.write('354 go\r\n')
      else if (line === 'QUIT') socket.end('221 bye\r\n')
      else if (!isData || line === '.') socket.write('250 ok\r\n')
      isData = line === 'DATA' || (isData && line !== '.')
    }
  })
}

createServer(serve).listen(2525, '127.0.0.1', () => process.stdout.write('ready\n'))
