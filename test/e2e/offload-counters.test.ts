import { LAB_MODES } from '../../native-free/lab-plan.js'
import { countedIn } from './offload-counted.js'

await countedIn(LAB_MODES, 1)
