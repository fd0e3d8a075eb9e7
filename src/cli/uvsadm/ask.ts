import type { Answer, Control, OperationName, Operations, RefusalName, Request } from '../../control/protocol/api.js'
import { RefusedByDirector } from './failure.js'

/** ipvsadm's messages for refusals: the command's own, else these, else the director's message. */
export type RefusalTexts = Partial<Record<RefusalName, string>>

const COMMON: RefusalTexts = {
  EINVAL: 'Invalid operation.  Possibly wrong module version, address not unicast, ...',
  ENOMEM: 'Memory allocation problem',
  EAFNOSUPPORT: 'Operation not supported with specified address family',
  ERANGE: 'Numerical result out of range',
}

export const SERVICE_REFUSALS: RefusalTexts = {
  EEXIST: 'Service already exists',
  ENOENT: 'Scheduler or persistence engine not found',
  ESRCH: 'No such service',
}

export const DESTINATION_REFUSALS: RefusalTexts = {
  EEXIST: 'Destination already exists',
  ENOENT: 'No such destination',
  ESRCH: 'Service not defined',
}

export const LOCAL_ADDRESS_REFUSALS: RefusalTexts = {
  EEXIST: 'Local address already exists',
  ENOENT: 'No such local address',
  ESRCH: 'Service not defined',
}

export async function ask<O extends OperationName>(
  control: Control,
  request: Request<O>,
  texts: RefusalTexts,
  status = 255,
): Promise<Operations[O]['value']> {
  return granted(await control.call<O>(request), texts, status)
}

/** The value of a reply. Throws if it is a refusal. */
export function granted<T>(reply: Answer<T>, texts: RefusalTexts, status = 255): T {
  if (reply.ok) return reply.value
  throw new RefusedByDirector(refusalText(reply, texts), status)
}

export function refusalText(
  { refusal, message }: { refusal: RefusalName; message: string },
  texts: RefusalTexts,
): string {
  return texts[refusal] ?? COMMON[refusal] ?? message
}
