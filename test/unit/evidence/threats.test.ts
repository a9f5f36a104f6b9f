import {expect, test} from 'vitest'
import {readThreats, testsOf} from '../../evidence/threats.ts'

test('every test that is named for a threat is there', () => {
  const gone = readThreats().flatMap((threat) =>
    threat.tests.filter((one) => !testsOf(threat).includes(one)).map(({says}) => `${threat.id}: ${says}`),
  )
  expect(gone).toEqual([])
})
