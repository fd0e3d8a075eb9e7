const AT_HAND = 'by the IP length, which was checked, these octets are there: the kernel wants it asked again'
const HELPER = 'the helper fails where the kernel has no memory'
const NEVER = 'it jumps to a comparison that does not hold there'

/**
 * Mutants of the flow program that nothing can notice here, by their names (plants.ts: the label before it, how many instructions
 * behind, how it was altered), and why. plant-all.ts says which others are not noticed, and which of these are.
 */
export const EQUIVALENT: readonly [place: RegExp, why: string][] = [
  [
    /^begin\+(0 left out|2 (left out|offset [12])|3 (left out|constant -1|a jump 1))$/,
    'where no flow is entered none is found',
  ],
  [/^some flows\+1 a jump 1$/, 'r7 is what it would become'],
  [
    /^some flows\+(5 constant 1|6 (left out|another comparison|a jump -1)|10 (left out|constant 1))$/,
    'a pull of more than is needed changes nothing',
  ],
  [
    /^some flows\+(7 left out|8 (left out|constant .*|another comparison|a jump -1))$/,
    'a short frame lies in one piece',
  ],
  [/^at hand\+40 left out$/, 'the protocol is a part of the key'],
  [/^tcp\+(2 constant -1|3 a jump 1)$/, AT_HAND],
  [/^tcp segments\+(2 constant .*|3 (another comparison|a jump .*))$/, AT_HAND],
  [/^options\+(4 constant -1|5 a jump .*|11 left out|14 a jump .*)$/, AT_HAND],
  [/^(udp checksum\+4 a jump .*|ports change\+10 a jump -1)$/, AT_HAND],
  [/^may be sent\+6 left out$/, 'of r1 no bit is left that the next step asks for'],
  [
    /^has ports\+(2[57] left out|26 constant .*|29 constant -1)$/,
    'in which order it looks at the slots of a bucket matters to time alone',
  ],
  [/^has ports\+40 a jump 1$/, 'there is a bucket for each hash'],
  [/^flow: not at [0-6]\+2 constant -1$/, 'of where a slot is no lower bit is set'],
  [
    /^flow: not at (6\+[57] (left out|a jump 1)|7\+0 left out)$/,
    'behind the last slot there is none: whose it is is asked again in step 8',
  ],
  [/^flow: has a slot\+11 left out$/, 'the epoch is asked again in step 8'],
  [
    /^(has ports\+(49|51)|flow: not at \d\+[57]|flow: has a slot\+17|segments\+9|no padding\+11|addresses\+8|not congested\+59|behind the outer one\+25) a jump -1$/,
    NEVER,
  ],
  [/^plain options\+15 a jump .*$/, 'no hop names a link that is not there'],
  [
    /^plain options\+(66 (left out|a jump .*)|67 left out|68 (left out|a jump .*))$/,
    'what changes while a frame is under way: another check of step 8 finds it, but where a next hop has changed too',
  ],
  [/^no padding\+2 constant 1$/, 'the other bit was asked for before'],
  [/^(translated\+4|addresses\+1) left out$/, 'the helper takes 32 bits'],
  [/^(plain options\+86|no padding\+10|translated\+10|ports change\+5) (left out|a jump .*)$/, HELPER],
  [/^(translated\+18|ports change\+23|addresses\+7|not congested\+58) (left out|a jump -1)$/, HELPER],
  [/^behind the outer one\+(7|15|24) (left out|a jump -1)$/, HELPER],
  [/^(checksum mended\+7 left out|which tunnel\+4 a jump 1)$/, HELPER],
  [/^lost\+(2 constant .*|3 left out|4 .*)$/, HELPER],
  [/^a tunnel\+3 (constant -1|another comparison)$/, 'a device cuts what is so long'],
  [/^not congested\+51 left out$/, 'of r2 the helper takes the lower 32 bits, which are 0'],
  [/^more headers\+[02] constant -1$/, 'the last octet is 0, as it was'],
  [/^more headers\+1 a jump -1$/, 'it stores what is not written'],
  [/^behind the outer one\+9 constant 1$/, 'that octet has been written'],
  [/^behind the outer one\+22 constant 1$/, 'the sum of what is written is what it was'],
  [/^into its tunnel\+2 constant 1$/, 'TRANSLATED was asked for before'],
  [/^into its tunnel\+(5 left out|6 a jump -1)$/, 'of GRE only a device must know it that cuts segments itself'],
  [/^a tunnel\+1 constant 1$/, 'it is no fragment'],
]
