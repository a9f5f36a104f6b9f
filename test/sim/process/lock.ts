import type {JobLock} from '../../../src/lib/host/lock.ts'
import type {Process} from './process.ts'

/** A lock of the kernel's: it lasts as long as one of those lives that have taken or inherited it. */
export type SimulatedLock = {readonly holders: Set<object>}

/** `undefined` when it is held. What `process` starts from now on inherits it. */
export function tryLock(lock: SimulatedLock, process: Process): JobLock | undefined {
  if (lock.holders.size > 0) return undefined
  lock.holders.add(process)
  process.locks.add(lock)
  const release = () => {
    process.locks.delete(lock)
    lock.holders.delete(process)
  }
  process.onEnd(release)
  return {fd: NO_FD, release}
}

/** Nothing of the simulator is inherited by number. */
const NO_FD = -1

/** Does what a child of `process` does: its locks last at least as long. */
export function asHeir<T>({locks}: Process, work: () => Promise<T>): Promise<T> {
  if (locks.size === 0) return work()
  const heir = {}
  const inherited = Array.from(locks)
  for (const {holders} of inherited) holders.add(heir)
  return work().finally(() => {
    for (const {holders} of inherited) holders.delete(heir)
  })
}
