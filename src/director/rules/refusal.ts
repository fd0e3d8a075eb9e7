/** Why the kernel refuses an operation: its errno by name. */
export type Refusal = 'EEXIST' | 'ENOENT' | 'ENOMEM' | 'ESRCH' | 'EINVAL' | 'ERANGE'
