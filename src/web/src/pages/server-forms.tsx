import { useState } from 'preact/hooks'
import type {
  DestinationInfo,
  DestinationSettingsInfo,
  MethodName,
  ServiceInfo,
  ServiceKey,
} from '../../../control/protocol/api.ts'
import { admin, isLoginOpen } from '../live/admin.ts'
import { drain } from '../live/api.ts'
import { useStore } from '../live/store.ts'
import type { ServiceRow } from '../live/tick.ts'
import { ChangeDialog } from '../parts/change.tsx'
import { Command } from '../parts/copy.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { AddressField, Choice, Fields, NumberField } from '../parts/fields.tsx'
import { messageOf } from '../pure/message.ts'
import { endpoint } from '../pure/service-name.ts'
import { sumsOf } from '../pure/sums.ts'
import { addServer, deleteServer, drainCommand, editServer } from '../pure/uvsadm-line.ts'
import { T } from '../texts.ts'

const DEFAULTS: DestinationSettingsInfo = { method: 'masq', weight: 1, upperThreshold: 0, lowerThreshold: 0 }
const METHODS: readonly (readonly [MethodName, string])[] = [
  ['masq', T.forms.masq],
  ['direct', T.forms.direct],
  ['tunnel', T.forms.tunnel],
  ['fullnat', T.forms.fullnat],
]

export function AddServerDialog({ service, close }: { service: ServiceInfo; close: () => void }) {
  const [address, setAddress] = useState('')
  const [port, setPort] = useState('port' in service ? service.port : 0)
  // A new server is reached as its neighbours are.
  const [settings, setSettings] = useState({ ...DEFAULTS, method: service.destinations[0]?.method ?? 'masq' })
  const line = addServer(service, { address: address || T.forms.addressHint, port }, settings)
  return (
    <ChangeDialog title={T.service.addServer} wanted={{ lines: [line] }} close={close}>
      <Fields>
        <AddressField value={address} change={setAddress} />
        <NumberField label={T.forms.port} value={port} change={setPort} most={65535} />
        <ServerFields settings={settings} change={setSettings} />
      </Fields>
    </ChangeDialog>
  )
}

interface ServerProps {
  service: ServiceKey
  server: DestinationInfo
  close: () => void
}

export function EditServerDialog({ service, server, close }: ServerProps) {
  const { method, tunnel, weight, upperThreshold, lowerThreshold } = server
  const [settings, setSettings] = useState<DestinationSettingsInfo>({
    method,
    weight,
    upperThreshold,
    lowerThreshold,
    ...(tunnel && { tunnel }),
  })
  return (
    <ChangeDialog
      title={T.service.edit(endpoint(server))}
      wanted={{ lines: [editServer(service, server, settings)] }}
      close={close}
    >
      <Fields>
        <ServerFields settings={settings} change={setSettings} />
      </Fields>
    </ChangeDialog>
  )
}

export function RemoveServerDialog({ service, server, close }: ServerProps) {
  return (
    <ChangeDialog
      title={T.service.remove(endpoint(server))}
      wanted={{ lines: [deleteServer(service, server)] }}
      close={close}
    >
      <p>{T.service.removeServerNote(server.activeConns)}</p>
    </ChangeDialog>
  )
}

function ServerFields({
  settings,
  change,
}: {
  settings: DestinationSettingsInfo
  change: (settings: DestinationSettingsInfo) => void
}) {
  const set = (changes: Partial<DestinationSettingsInfo>): void => change({ ...settings, ...changes })
  return (
    <>
      <NumberField label={T.forms.weight} value={settings.weight} change={weight => set({ weight })} />
      <Choice label={T.forms.method} value={settings.method} change={method => set({ method })} of={METHODS} />
      <NumberField
        label={T.forms.upper}
        value={settings.upperThreshold}
        change={upperThreshold => set({ upperThreshold })}
      />
      <NumberField
        label={T.forms.lower}
        value={settings.lowerThreshold}
        change={lowerThreshold => set({ lowerThreshold })}
        // Above it nothing would ever bring the server back.
        {...(settings.upperThreshold > 0 && { most: settings.upperThreshold })}
      />
    </>
  )
}

export function DrainDialog({ service, server, close }: ServerProps & { service: ServiceRow }) {
  const isLast = server.weight > 0 && service.servers === service.destinations.length && sumsOf(service).usable === 1
  const may = useStore(admin)
  const [deadline, setDeadline] = useState(300)
  const [then, setThen] = useState<'keep' | 'reset'>('keep')
  const [error, setError] = useState('')
  const begin = async (event: Event): Promise<void> => {
    event.preventDefault()
    if (may?.admin !== 'open') return isLoginOpen.set(true)
    try {
      await drain(service, server, deadline, then)
      close()
    } catch (failed) {
      setError(messageOf(failed))
    }
  }
  const command = drainCommand(service, server, deadline) + (then === 'reset' ? ' --then reset' : '')
  return (
    <Dialog title={T.drain.title(endpoint(server))} close={close} isWide>
      <form class="form" onSubmit={event => void begin(event)}>
        <p>{T.drain.note(server.activeConns, server.inactConns)}</p>
        {isLast && <p class="alert">{T.drain.last}</p>}
        <Fields>
          <NumberField label={T.drain.deadline} value={deadline} change={setDeadline} most={86_400} />
          <Choice label={T.drain.leftThen} value={then} change={setThen} of={THEN} />
        </Fields>
        <Command text={command} />
        {error !== '' && (
          <p class="error" role="alert">
            {error}
          </p>
        )}
        <div class="actions">
          <button type="submit" class="primary" disabled={may?.admin === 'off'}>
            {may?.admin === 'open' ? T.drain.begin : may?.admin === 'off' ? T.admin.off : T.change.unlockFirst}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
const THEN: readonly (readonly ['keep' | 'reset', string])[] = [
  ['keep', T.drain.keep],
  ['reset', T.drain.reset],
]
