/** The kernel's errno for a refused operation, by name. */
export type Refusal = 'EEXIST' | 'ENOENT' | 'ENOMEM' | 'ESRCH' | 'EINVAL' | 'ERANGE'
