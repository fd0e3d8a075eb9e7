/* Puts keys into etcd in one transaction, by its JSON gateway. A program: URL, then KEY VALUE of each. Prints when it began, in ms since 1970. */
const [url = '', ...words] = process.argv.slice(2)
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const success = words.flatMap((key, i) =>
  i % 2 === 0 ? [{ requestPut: { key: base64(key), value: base64(words[i + 1]!) } }] : [],
)

// What the first request of a process takes is Node's.
await fetch(`${url}/version`)
const fromMs = performance.timeOrigin + performance.now()
const answer = await fetch(`${url}/v3/kv/txn`, { method: 'POST', body: JSON.stringify({ success }) })
if (!answer.ok) throw new Error(`etcd: ${answer.status} ${await answer.text()}`)
process.stdout.write(String(fromMs))
