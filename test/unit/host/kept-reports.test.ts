import {existsSync, statSync, unlinkSync, writeFileSync} from 'node:fs'
import {afterEach, beforeEach, expect, test} from 'vitest'
import {keepReport, keptReports} from '../../../src/lib/host/kept-reports.ts'
import {keepTrace, keptTraces} from '../../../src/lib/host/kept-traces.ts'
import {defaultStateDirectory} from '../../../src/lib/host/state-directory.ts'
import {failureOf, temporaryDirectory} from './helpers.ts'

let directory: ReturnType<typeof temporaryDirectory>
beforeEach(() => {
  directory = temporaryDirectory()
})
afterEach(() => directory[Symbol.dispose]())

const moment = (n: number) => `2026-01-0${n}T00:00:00.000Z`

test('reports are kept newest first, privately, and what is obsolete goes', () => {
  const state = `${directory.path}/state/zrepl`
  expect(keptReports(state, 'a/b c')).toEqual([])
  for (const n of [1, 3, 2])
    keepReport(state, 'a/b c', {startedAt: moment(n), text: `${n}`}, (kept) => kept.slice(2))
  expect(keptReports(state, 'a/b c').map(({text}) => text)).toEqual(['3', '2'])
  expect(keptReports(state, 'other')).toEqual([])
  expect(statSync(state).mode & 0o077).toBe(0)
  expect(existsSync(`${state}/reports/a%2Fb%20c`)).toBe(true)
})

test('a state directory that cannot be made is a failure of the host', async () => {
  writeFileSync(`${directory.path}/file`, '')
  const keep = (state: string) => () => keepReport(state, 'a', {startedAt: moment(1), text: ''}, () => [])
  for (const [state, above, code] of [
    [`${directory.path}/file/a/b`, `${directory.path}/file/a`, 'ENOTDIR'],
    ['/proc/a/b', '/proc/a', 'ENOENT'],
  ] as const)
    expect(await failureOf(keep(state))).toMatchObject({
      code: 'host',
      message: `cannot make the directory '${above}': ${code}`,
    })
})

test('what another process has removed meanwhile need not be removed', () => {
  const state = `${directory.path}/state/zrepl`
  const gone = [{name: 'gone.json', text: ''}]
  keepReport(state, 'a', {startedAt: moment(1), text: 'kept'}, () => gone)
  expect(keptReports(state, 'a').map(({text}) => text)).toEqual(['kept'])
})

test('traces lie beside reports; those that are old stay as long as their report does', () => {
  const state = `${directory.path}/state/zrepl`
  expect(keptTraces(state, 'a')).toEqual([])
  keepReport(state, 'a', {startedAt: moment(1), text: '{}'}, () => [])
  for (const n of [1, 2, 3, 4]) keepTrace(state, 'a', {startedAt: moment(n), text: '[]'}, 2)
  const days = () => keptTraces(state, 'a').map(({run}) => run.slice(8, 10))
  expect(days()).toEqual(['04', '03', '01'])
  expect(keptTraces(state, 'a')[2]).toEqual({
    run: `${moment(1)}-${process.pid}`,
    path: `${state}/reports/a/${moment(1)}-${process.pid}.trace`,
    bytes: 2,
  })
  expect(keptReports(state, 'a').map(({text}) => text)).toEqual(['{}'])
  unlinkSync(`${state}/reports/a/${moment(1)}-${process.pid}.json`)
  keepTrace(state, 'a', {startedAt: moment(4), text: '[1]'}, 2)
  expect(days()).toEqual(['04', '03'])
})

test.each([
  [0, {}, '/var/lib/zrepl'],
  [0, {STATE_DIRECTORY: '/var/lib/private/zrepl'}, '/var/lib/private/zrepl'],
  [0, {STATE_DIRECTORY: 'relative'}, '/var/lib/zrepl'],
  [0, {STATE_DIRECTORY: '/var/lib/zrepl-a:/var/lib/b'}, '/var/lib/zrepl-a'],
  [1000, {XDG_STATE_HOME: '/home/me/state'}, '/home/me/state/zrepl'],
])('user %d, %o: %s', (uid, environment, expected) => {
  expect(defaultStateDirectory(uid, environment)).toBe(expected)
})
