#!/usr/bin/env node
/* The program, of which all is loaded here, so that a line can say why it cannot be. */
try {
  if (process.argv[2] === 'director') (await import('../../plane/engine.js')).collectOnlyWhenAsked()
  await import('./program.js')
} catch (error) {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'EMFILE' && code !== 'ENFILE') throw error
  process.stderr.write('uvs: too many open files: the limit on open files (ulimit -n) is too low\n')
  process.exit(1)
}
