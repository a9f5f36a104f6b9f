import {assert} from '../core/assert.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {type DatasetName, isBelowOrEqual} from '../zfs/name.ts'
import type {Filter} from './filter.ts'
import type {Mapping} from './mapping.ts'

/**
 * Lets a request for `dataset` pass only if the job's filter accepts it. For the sender's side.
 * Throws `not-permitted`, in the words that a dataset which does not exist also gets.
 */
export function confineToFilter(filter: Filter, dataset: DatasetName): DatasetName {
  if (!filter.accepts(dataset)) throw notPermitted(dataset)
  return dataset
}

/**
 * Where a request for the sender's `path` may act on the receiver: always strictly below the mapping's base.
 * Throws `name-too-long` when the name does not fit there, with room for `@snapshot` when its name is given.
 */
export function confineToRoot(mapping: Mapping, path: DatasetName, snapshot?: string): DatasetName {
  const dataset = mapping.toReceiver(path, snapshot)
  assert(
    dataset !== mapping.base && isBelowOrEqual(dataset, mapping.base),
    `${dataset} escapes ${mapping.base}`,
  )
  assert(mapping.toSender(dataset) === path, `${dataset} does not lead back to ${path}`)
  return dataset
}

/**
 * The one answer to requests for a dataset that the peer may not name or that is not there, so that a peer cannot
 * find out which datasets exist outside its scope. Endpoints throw it for missing datasets, too.
 */
export function notPermitted(dataset: DatasetName): OperationalError {
  return new OperationalError('not-permitted', `${quoted(dataset)}: not permitted or does not exist`, {
    hint: "check the serving job's filesystems filter and that the dataset exists",
  })
}
