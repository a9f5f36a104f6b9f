import {expect, test} from 'vitest'
import {resolveNotify} from '../../../src/lib/config/resolve-notify.ts'

test('nobody is told unless somebody is named', () => {
  expect([resolveNotify(), resolveNotify({})]).toEqual([[], []])
})

test('a program is told of failures of all jobs; a health check of everything', () => {
  expect(
    resolveNotify({
      notify: [
        {type: 'command', path: '/usr/local/bin/tell'},
        {
          type: 'command',
          path: '/bin/mail',
          args: ['-s', 'zrepl'],
          when: 'change',
          jobs: ['a'],
          timeout: '2s',
        },
        {type: 'healthcheck', url: 'https://hc.example.org/ping/1234//'},
      ],
    }),
  ).toEqual([
    {
      type: 'command',
      path: '/usr/local/bin/tell',
      args: [],
      when: 'failure',
      jobs: undefined,
      timeoutMs: 30_000,
    },
    {type: 'command', path: '/bin/mail', args: ['-s', 'zrepl'], when: 'change', jobs: ['a'], timeoutMs: 2000},
    {type: 'healthcheck', url: 'https://hc.example.org/ping/1234', jobs: undefined, timeoutMs: 30_000},
  ])
})
