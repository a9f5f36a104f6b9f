import {expect, test} from 'vitest'
import {createServiceManager} from '../../../src/lib/host/service-manager.ts'
import {listenForDatagrams} from './datagram-listener.ts'
import {temporaryDirectory} from './helpers.ts'

test('it hears that we are ready, what we are at, and that we stop', () => {
  using directory = temporaryDirectory()
  const path = `${directory.path}/notify`
  using listener = listenForDatagrams(path)
  const {next} = listener
  const manager = createServiceManager({NOTIFY_SOCKET: path})
  manager.ready('job a runs')
  manager.status('job a:\nexit 0')
  manager.stopping()
  expect([next(), next(), next(), next()]).toEqual([
    'READY=1\nSTATUS=job a runs',
    'STATUS=job a: exit 0',
    'STOPPING=1',
    undefined,
  ])
})

test('it may listen at an abstract address, and wants to hear that we live', async () => {
  const name = `zrepl-test-${process.pid}`
  using listener = listenForDatagrams(`\0${name}`)
  const {next} = listener
  const manager = createServiceManager({NOTIFY_SOCKET: `@${name}`, WATCHDOG_USEC: '4000'})
  let heard = next()
  while (heard === undefined) {
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    heard = next()
  }
  expect(heard).toBe('WATCHDOG=1')
  manager.stopping()
})

test('a watchdog that is meant for another process hears nothing', async () => {
  const watched = (name: string, usec: string, pid: number) => {
    const listener = listenForDatagrams(`\0${name}-${process.pid}`)
    const manager = createServiceManager({
      NOTIFY_SOCKET: `@${name}-${process.pid}`,
      WATCHDOG_USEC: usec,
      WATCHDOG_PID: String(pid),
    })
    return {
      next: listener.next,
      [Symbol.dispose]() {
        manager.stopping()
        listener[Symbol.dispose]()
      },
    }
  }
  using others = watched('zrepl-test-others', '2000', 1)
  using ours = watched('zrepl-test-ours', '20000', process.pid)
  while (ours.next() === undefined) {
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
  expect(others.next()).toBeUndefined()
})

test.each([undefined, '', 'relative', '/nobody/listens/here', `/${'x'.repeat(200)}`])(
  'nobody at %j is no trouble',
  (path) => {
    const manager = createServiceManager({NOTIFY_SOCKET: path})
    expect(() => {
      manager.ready('a')
      manager.stopping()
    }).not.toThrow()
  },
)
