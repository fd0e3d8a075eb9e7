/* Puts a key into etcd, by its JSON gateway. A program: URL KEY VALUE. Prints when it began, in ms since 1970. */
const [url = '', key = '', value = ''] = process.argv.slice(2)
const base64 = (text: string): string => Buffer.from(text).toString('base64')

// What the first request of a process takes is Node's.
await fetch(`${url}/version`)
const fromMs = performance.timeOrigin + performance.now()
const body = JSON.stringify({ key: base64(key), value: base64(value) })
const answer = await fetch(`${url}/v3/kv/put`, { method: 'POST', body })
if (!answer.ok) throw new Error(`etcd: ${answer.status} ${await answer.text()}`)
process.stdout.write(String(fromMs))
