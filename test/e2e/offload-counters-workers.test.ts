import { countedInAllModes } from './offload-counted.js'

await countedInAllModes(2)
