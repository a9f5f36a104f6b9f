import {expect, test} from 'vitest'
import {rawStreamRisk} from '../../../src/lib/zfs/raw-stream-risk.ts'

test.each(['0.8.6-1', '2.0.7-1', '2.1.0', '2.1.1-1ubuntu3'])('raw streams of %s are warned of', (version) => {
  const [numbers] = version.split('-')
  expect(rawStreamRisk(version)).toBe(
    `raw streams of OpenZFS ${numbers} can be received as copies that cannot be read (openzfs#12762): update to 2.1.2 or newer`,
  )
})

test.each(['2.1.2', '2.1.11-1+deb12u1', '2.2.0-rc1', '2.3.2-2~bpo12+2', '3.0.0', '', '2.1', 'v2.1.1'])(
  'of %j nothing is known',
  (version) => expect(rawStreamRisk(version)).toBeUndefined(),
)
