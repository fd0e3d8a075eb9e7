import type { Reply } from './operations.js'

/* A reply comes from a worker's thread as JSON and leaves by the socket unchanged. It is parsed only if its value is read. */

const texts = new WeakMap<Reply, string>()

/** A reply from its JSON. The value is parsed when it is first read. */
export function replyOfJson(json: string): Reply {
  if (!json.startsWith('{"ok":true,')) return JSON.parse(json) as Reply
  let parsed: { value: unknown } | undefined
  const reply = {
    ok: true,
    get value() {
      parsed ??= JSON.parse(json) as { value: unknown }
      return parsed.value
    },
  } as Reply
  texts.set(reply, json)
  return reply
}

/** The JSON that the reply came as, or its own. */
export function jsonOfReply(reply: Reply): string {
  return texts.get(reply) ?? JSON.stringify(reply)
}
