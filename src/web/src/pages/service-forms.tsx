import { useState } from 'preact/hooks'
import type { Protocol, ServiceInfo, ServiceKey, ServiceSettingsInfo } from '../../../control/protocol/api.ts'
import { ChangeDialog } from '../parts/change.tsx'
import { AddressField, Choice, Fields, NumberField } from '../parts/fields.tsx'
import { serviceRoute } from '../pure/routes.ts'
import { SCHEDULERS } from '../pure/schedulers.ts'
import { serviceName } from '../pure/service-name.ts'
import { addService, deleteService, editService } from '../pure/uvsadm-line.ts'
import { T } from '../texts.ts'

/** ipvsadm's. */
const DEFAULTS: ServiceSettingsInfo = {
  scheduler: 'wlc',
  persistence: 0,
  netmask: '255.255.255.255',
  onePacket: false,
  schedFlags: 0,
}
type Kind = Protocol | 'fwm'

export function AddServiceDialog({ close }: { close: () => void }) {
  const [kind, setKind] = useState<Kind>('tcp')
  const [address, setAddress] = useState('')
  const [port, setPort] = useState(80)
  const [mark, setMark] = useState(1)
  const [settings, setSettings] = useState(DEFAULTS)
  const key: ServiceKey = kind === 'fwm' ? { mark } : { protocol: kind, address: address || T.forms.addressHint, port }
  return (
    <ChangeDialog
      title={T.services.add}
      wanted={{ lines: [addService(key, settings)] }}
      close={close}
      then={<a href={serviceRoute(key)}>{T.service.see(serviceName(key))}</a>}
    >
      <Fields>
        <Choice label={T.forms.protocol} value={kind} change={setKind} of={KINDS} />
        {kind === 'fwm' ? (
          <NumberField label={T.forms.mark} value={mark} change={setMark} least={1} most={2 ** 32 - 1} />
        ) : (
          <>
            <AddressField value={address} change={setAddress} />
            <NumberField label={T.forms.port} value={port} change={setPort} most={65535} />
          </>
        )}
        <SettingsFields settings={settings} change={setSettings} />
      </Fields>
    </ChangeDialog>
  )
}
const KINDS: readonly (readonly [Kind, string])[] = [
  ['tcp', 'TCP'],
  ['udp', 'UDP'],
  ['sctp', 'SCTP'],
  ['fwm', T.forms.mark],
]

export function EditServiceDialog({ service, close }: { service: ServiceInfo; close: () => void }) {
  const { scheduler, persistence, netmask, onePacket, schedFlags, clientAddress, engine } = service
  const [settings, setSettings] = useState<ServiceSettingsInfo>({
    scheduler,
    persistence,
    netmask,
    onePacket,
    schedFlags,
    ...(clientAddress && { clientAddress }),
    ...(engine && { engine }),
  })
  return (
    <ChangeDialog
      title={T.service.edit(serviceName(service))}
      wanted={{ lines: [editService(service, settings)] }}
      close={close}
    >
      <Fields>
        <SettingsFields settings={settings} change={setSettings} />
      </Fields>
    </ChangeDialog>
  )
}

export function RemoveServiceDialog({ service, close }: { service: ServiceKey; close: () => void }) {
  return (
    <ChangeDialog
      title={T.service.remove(serviceName(service))}
      wanted={{ lines: [deleteService(service)] }}
      close={close}
    >
      <p>{T.service.removeNote}</p>
    </ChangeDialog>
  )
}

function SettingsFields({
  settings,
  change,
}: {
  settings: ServiceSettingsInfo
  change: (settings: ServiceSettingsInfo) => void
}) {
  const { scheduler, persistence, onePacket } = settings
  const known: readonly string[] = SCHEDULERS
  const names = known.includes(scheduler) ? known : [scheduler, ...known]
  // Flags are the scheduler's: another one has others.
  const setScheduler = (name: string): void => change({ ...settings, scheduler: name, schedFlags: 0 })
  return (
    <>
      <Choice
        label={T.forms.scheduler}
        value={scheduler}
        change={setScheduler}
        of={names.map(name => [name, name] as const)}
      />
      <NumberField
        label={T.forms.persistence}
        value={persistence}
        change={value => change({ ...settings, persistence: value })}
        most={2_678_400}
      />
      <label class="inline">
        <input
          type="checkbox"
          checked={onePacket}
          onChange={event => change({ ...settings, onePacket: event.currentTarget.checked })}
        />
        {T.forms.onePacket}
      </label>
    </>
  )
}
