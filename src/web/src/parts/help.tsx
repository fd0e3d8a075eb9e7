import { T } from '../texts.ts'
import { Dialog } from './dialog.tsx'
import { PAGE_KEYS } from './keys.ts'

export function HelpDialog({ close }: { close: () => void }) {
  return (
    <Dialog title={T.help.title} close={close}>
      <dl class="keys">
        <Key keys={['/']} does={T.help.search} />
        <Key keys={['?']} does={T.help.help} />
        <Key keys={['Esc']} does={T.help.escape} />
        {Object.entries(PAGE_KEYS).map(([key, page]) => (
          <Key key={key} keys={['g', key]} does={T.pages[page]} />
        ))}
      </dl>
      <p class="note">{T.help.address}</p>
    </Dialog>
  )
}

function Key({ keys, does }: { keys: string[]; does: string }) {
  return (
    <div>
      <dt>
        {keys.map(key => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{does}</dd>
    </div>
  )
}
