import { countedIn } from './offload-counted.js'

// Both kinds of return: through the director, and past it.
await countedIn(['nat', 'tun'], 2)
