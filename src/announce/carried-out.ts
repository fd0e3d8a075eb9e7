import { isRuleChange, type Reply, type Request, type RuleChange } from '../control/protocol/api.js'

/** The changes of rules that a request has made, by its reply, in their order; 'all' for one that has taken all services away. */
export function carriedOut(request: Request, reply: Reply): readonly RuleChange[] | 'all' {
  if (!reply.ok) return []
  if (request.op === 'flush' || request.op === 'reset') return 'all'
  if (isRuleChange(request)) return [request]
  if (request.op !== 'batch') return []
  const { value } = reply as Reply<'batch'> & { ok: true }
  return request.requests.filter((_, i) => value[i]?.ok)
}
