import type { Reply } from './operations.js'

/* A reply comes from a worker's thread as JSON and goes out by the socket as it came. Whoever only passes it on does not parse it. */

const texts = new WeakMap<Reply, string>()

/** What a worker or a director answered. Its value is parsed when somebody looks at it. */
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

/** The JSON that it came as, or that it makes. */
export function jsonOfReply(reply: Reply): string {
  return texts.get(reply) ?? JSON.stringify(reply)
}
