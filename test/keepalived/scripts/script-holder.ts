import { runScript } from '../../../src/keepalived/scripts/run-script.js'

/* A program: runs a shell's words as a script without a timeout, and stays until it is killed. */

void runScript({ words: ['/bin/sh', '-c', process.argv[2] ?? ''], timeoutMs: 0 })
setInterval(() => {}, 1000)
