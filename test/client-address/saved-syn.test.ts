import t from 'tap'
import { toaOf } from '../../src/client-address/saved-syn.js'
import { packetOf, tcp4, unhex } from '../support/frames.js'

function syn(options: string, ipOptions = ''): Buffer {
  return Buffer.from(
    packetOf(tcp4('10.0.0.1:6000 > 10.0.0.2:80', { tcpOptions: unhex(options), ipOptions: unhex(ipOptions) })),
  )
}
const CLIENT = { address: '203.0.113.7', port: 40_000 }

t.test('the option is found wherever it stands', async t => {
  for (const options of ['fe089c40cb007107', '020405b401030307fe089c40cb00710701010101', '0101fe089c40cb0071070000'])
    t.strictSame(toaOf(syn(options)), CLIENT, options)
  t.strictSame(toaOf(syn('fe089c40cb007107', '01010101')), CLIENT, 'IP options')
})

t.test('where there are two, or one of another length, none is believed', async t => {
  const [ours, forged] = ['fe089c40cb007107', 'fe081a0a06060606']
  for (const options of [
    ours + forged,
    forged + ours,
    `${ours}0101${forged}0101`,
    `fe040000${forged}`,
    `${forged}fe040000`,
    `${forged}0101fe02`,
    `${forged}010101fe`,
    `${forged}fe000000`,
    `${forged}02200000`,
    `fe0a1a0a060606060606${'0101'}`,
  ])
    t.equal(toaOf(syn(options)), undefined, options)
  t.strictSame(toaOf(syn(`${ours}00fe0806`)), CLIENT, 'behind the end there is no option')
})

t.test('where it is not, or is malformed or cut off, there is nothing', async t => {
  for (const options of [
    '',
    '01010101',
    'fe049c40',
    '00fe089c40cb007107000000',
    '0200fe089c40cb0071070000',
    '0220fe089c40cb0071070000',
  ])
    t.equal(toaOf(syn(options)), undefined, options)
  const whole = syn('fe089c40cb007107')
  for (let len = 0; len < whole.length; len++) t.equal(toaOf(whole.subarray(0, len)), undefined, `${len} octets`)
  const six = Buffer.from(whole)
  six[0] = 0x65
  t.equal(toaOf(six), undefined, 'IPv6')
})
