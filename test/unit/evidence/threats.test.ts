import {expect, test} from 'vitest'
import {readIncidents, readThreats, testsOf} from '../../evidence/threats.ts'

test.each([
  ['threat', readThreats()],
  ['incident', readIncidents()],
])('every test that is named for a %s is there', (_, all) => {
  const gone = all.flatMap((threat) =>
    threat.tests.filter((one) => !testsOf(threat).includes(one)).map(({says}) => `${threat.id}: ${says}`),
  )
  expect(gone).toEqual([])
})
