import {describe, expect, test} from 'vitest'
import {findJob} from '../../../src/lib/config/find-job.ts'
import {loadConfig} from '../../../src/lib/config/load.ts'
import {filesOf, load, told} from './sample-files.ts'

const job = (name: string, more: object = {}) => ({
  type: 'sink',
  name,
  serve: {type: 'local', listener_name: name},
  root_fs: 'tank',
  ...more,
})
const jobs = (...names: readonly string[]) => JSON.stringify({jobs: names.map((name) => job(name))})

describe('include', () => {
  test.each([
    ['x.yml', {'/etc/x.yml': jobs('x')}, ['/etc/zrepl.yml', '/etc/x.yml']],
    ['./x.yml', {'/etc/x.yml': jobs('x')}, ['/etc/zrepl.yml', '/etc/x.yml']],
    ['../x.yml', {'/etc/../x.yml': jobs('x')}, ['/etc/zrepl.yml', '/etc/../x.yml']],
    ['/srv/x.yml', {'/srv/x.yml': jobs('x')}, ['/etc/zrepl.yml', '/srv/x.yml']],
    [
      'd',
      {'/etc/d/b.yml': jobs('b'), '/etc/d/a.yml': jobs('a')},
      ['/etc/zrepl.yml', '/etc/d/a.yml', '/etc/d/b.yml'],
    ],
    ['d/', {'/etc/d/a.yml': jobs('a'), '/etc/d/a.yaml': '{'}, ['/etc/zrepl.yml', '/etc/d/a.yml']],
    ['/srv/d/', {'/srv/d/a.yml': jobs('a')}, ['/etc/zrepl.yml', '/srv/d/a.yml']],
  ])('%s is found from the directory of the main file', (entry, files, read) => {
    expect(load(JSON.stringify({include: [entry]}), files).files).toEqual(read)
  })

  test('a main file beside us includes files beside us', () => {
    const files = filesOf({'zrepl.yml': 'include: [x.yml]', 'x.yml': jobs('x')})
    expect(loadConfig('zrepl.yml', files)).toMatchObject({files: ['zrepl.yml', 'x.yml']})
  })

  test('what cannot be read is a mistake at its entry', () => {
    expect(told('include:\n  - a.yml\n  - d\njobs: []')).toEqual([
      '2:5 error include[0]: cannot use /etc/a.yml: it does not exist',
      '3:5 error include[1]: cannot use /etc/d: it does not exist (an entry is a file whose name ends in .yml, or a directory)',
    ])
  })

  test('an included file includes nothing, and contributes only jobs', () => {
    const files = {
      '/etc/x.yml': 'include: [y.yml]\nglobal: {logging: [{type: stdout, level: debug}]}\n',
      '/etc/y.yml': jobs('y'),
    }
    expect(told(`include: [x.yml]\njobs: [${JSON.stringify(job('a'))}]`, files)).toEqual([
      '1:1 error include: an included file cannot include others',
      '2:1 notice global: has no effect in an included file',
    ])
  })

  test('mistakes of all files are told, the main file first', () => {
    const loaded = loadConfig(
      '/m.yml',
      filesOf({'/m.yml': 'include: [a.yml, b.yml]\nx: 1', '/a.yml': 'a: [', '/b.yml': 'y: 1'}),
    )
    expect('diagnostics' in loaded && loaded.diagnostics.map(({file, line}) => `${file}:${line}`)).toEqual([
      '/m.yml:2',
      '/a.yml:1',
      '/b.yml:1',
    ])
  })
})

test('a main file that cannot be read', () => {
  expect(loadConfig('/none.yml', filesOf({}))).toEqual({
    diagnostics: [
      {
        severity: 'error',
        file: '/none.yml',
        line: 0,
        column: 0,
        path: '',
        message: 'cannot use this file: it does not exist',
      },
    ],
  })
})

test('a listener nobody serves is told, with the one that may be meant', () => {
  const push = {
    ...job('p'),
    type: 'push',
    serve: undefined,
    root_fs: undefined,
    connect: {type: 'local', listener_name: 'dsk', client_identity: 'c'},
    filesystems: {'<': true},
    snapshotting: {type: 'manual'},
    pruning: {keep_sender: [{type: 'not_replicated'}], keep_receiver: [{type: 'not_replicated'}]},
  }
  expect(told(JSON.stringify({jobs: [push, job('disk')]}))).toEqual([
    expect.stringMatching(
      /notice jobs\[0\]\.connect\.listener_name: no job serves this listener: this job cannot be run \(did you mean "disk"\?\)$/,
    ),
  ])
  expect(told(JSON.stringify({jobs: [push, job('dsk')]}))).toEqual([])
})

test('zrepl reads words by what is wanted', () => {
  const {jobs} = load(
    'jobs: [{type: sink, name: 007, root_fs: on, serve: {type: stdinserver, client_identities: [yes, 1e3, 0x10]}, recv: }]',
  )
  expect(jobs[0]).toMatchObject({
    name: '007',
    rootFs: 'on',
    serve: {clientIdentities: ['yes', '1e3', '0x10']},
  })
})

test('a mistake that aliases repeat is told once', () => {
  const text = `jobs: [{name: a, ${SNAP}, pruning: &p {keep: [{type: last_n, count: 0}]}}, {name: b, ${SNAP}, pruning: *p}]`
  expect(told(text)).toEqual([
    expect.stringMatching(/^1:\d+ error jobs\[0\]\.pruning\.keep\[0\]\.count: must be at least 1$/),
  ])
})

const SNAP = 'type: snap, filesystems: {"<": true}, snapshotting: {type: manual}'

test('findJob', () => {
  const config = load(jobs('offsite', 'archive', 'local'))
  expect(findJob(config, 'local')).toMatchObject({kind: 'found', job: {name: 'local'}})
  expect(findJob(config, 'ofsite')).toEqual({
    kind: 'unknown',
    nearest: ['offsite'],
    names: ['offsite', 'archive', 'local'],
  })
  expect(findJob(config, 'Local')).toEqual({
    kind: 'unknown',
    nearest: ['local'],
    names: ['offsite', 'archive', 'local'],
  })
})
