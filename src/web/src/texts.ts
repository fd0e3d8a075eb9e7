import { DIRECTOR } from './texts/director.ts'
import { OVERVIEW } from './texts/overview.ts'
import { PACKETS } from './texts/packets.ts'
import { RULES } from './texts/rules.ts'
import { SHELL } from './texts/shell.ts'

/* Every text of the pages, for those who translate: texts/. What a director says itself (refusals, plans, advice on a drop) comes as it is. */

export { adviceOn } from '../../cli/uvs/explain/advice.ts'
export { offloadText } from '../../cli/uvs/explain/offload-text.ts'
export { WHY_HERE } from '../../cli/uvs/seen/why-here.ts'

export const T = { ...SHELL, ...OVERVIEW, ...RULES, ...PACKETS, ...DIRECTOR }
