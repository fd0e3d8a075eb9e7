/*
 * The thread of a rules desk: plans and lint of ten thousand services take a CPU for seconds. Main thread and data plane go first. The
 * director is read page by page, by way of the main thread, which passes on the text of each reply.
 */
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { HttpRefusal } from '../../../../control/dashboard/answers.js'
import type { Control, MarkRuleInfo, OperationName, Reply, Request } from '../../../../control/protocol/api.js'
import { replyOfJson } from '../../../../control/protocol/reply-json.js'
import { trialDirectorMaker } from '../../../../control/rules/trial-director.js'
import { loadScheduler } from '../../../../plane/load-scheduler.js'
import { parseCidr } from '../../../../wire/addr.js'
import type { DeskData, FromDesk, ToDesk, Work } from './messages.js'
import { RulesDesk } from './rules-desk.js'

/** A tenth of a CPU that others want too. */
const NICE = 10

const port = parentPort!
const reads = new Map<number, (reply: Reply) => void>()
let marks: readonly MarkRuleInfo[] = []
let next = 0

const control: Control = {
  call<O extends OperationName>(request: Request<O>) {
    return new Promise<Reply>(resolve => {
      reads.set(next, resolve)
      send({ read: next++, request: request as Request })
    }) as Promise<Reply<O>>
  },
}

const desk = openDesk(workerData as DeskData)
desk.catch(() => {}) // whoever asks is told
port.on('message', (message: ToDesk) => {
  if ('work' in message) {
    marks = message.marks
    return void answer(message.id, message.work)
  }
  reads.get(message.read)?.(replyOfJson(message.json))
  reads.delete(message.read)
})

async function openDesk(data: DeskData): Promise<RulesDesk> {
  // Of Linux a thread alone.
  setPriority(0, NICE)
  const { director, schedulers = [], holder, areAnnounced = false } = data
  const networks = (director.addresses ?? []).flatMap(text => parseCidr(text.split('@')[0]!) ?? [])
  return new RulesDesk({
    control,
    makeTrial: await trialDirectorMaker(data),
    marks: () => marks,
    networks,
    isFleet: director.isOfFleet ?? false,
    areAnnounced,
    holder,
    schedulers: await Promise.all(schedulers.map(loadScheduler)),
  })
}

async function answer(id: number, work: Work): Promise<void> {
  try {
    send({ id, value: await done(await desk, work) })
  } catch (error) {
    const { message } = error as Error
    send({ id, refused: { status: error instanceof HttpRefusal ? error.status : 503, message } })
  }
}

function done(desk: RulesDesk, work: Work): Promise<unknown> {
  switch (work.name) {
    case 'plan':
      return desk.plan(work.wanted)
    case 'take':
      return desk.take(work.plan, work.from)
    case 'lint':
      return work.service ? desk.lint(work.service) : desk.lint()
  }
}

function send(message: FromDesk): void {
  port.postMessage(message)
}
