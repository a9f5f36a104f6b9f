import type {ExitStatus} from '../core/exit-code.ts'
import {printable} from '../core/printable.ts'
import {worstStatus} from '../report/exit-status.ts'
import {PLACEHOLDER_PROPERTY} from '../zfs/placeholder.ts'
import {readOnly} from '../zfs-client/read-only.ts'
import {createZfs} from './endpoints.ts'
import {complainOfMissing, type Output} from './output.ts'
import {createProcessContext} from './process-context.ts'
import {parseDatasetWord} from './test-filesystems.ts'

/**
 * Prints whether `dataset`, or each dataset of this host, is a placeholder, and the locally set property, between tabs
 * and below a heading. Throws `usage`.
 */
export async function testPlaceholder(
  request: Output & {readonly dataset: string | undefined},
): Promise<ExitStatus> {
  const roots = request.dataset === undefined ? [] : [parseDatasetWord(request.dataset)]
  const ctx = createProcessContext('test placeholder')
  const zfs = readOnly(createZfs({lockFd: undefined}))
  const {datasets, missingRoots} = await zfs.list(ctx, {roots, recursive: roots.length === 0})
  const rows = datasets.map(({name, placeholder, placeholderValue = ''}) => [
    placeholder ? 'yes' : 'no',
    printable(name),
    printable(placeholderValue),
  ])
  const table = [['IS_PLACEHOLDER', 'DATASET', PLACEHOLDER_PROPERTY], ...rows]
  request.print(table.map((row) => `${row.join('\t')}\n`).join(''))
  return worstStatus(complainOfMissing(request, missingRoots))
}
