import {OperationalError} from '../core/errors.ts'
import {EXIT, type ExitStatus} from '../core/exit-code.ts'
import {printable, quoted} from '../core/printable.ts'
import {type DatasetName, NameError, parseDatasetName} from '../zfs/name.ts'
import {readOnly} from '../zfs-client/read-only.ts'
import {jobNamed, readConfig} from './config-file.ts'
import {createZfs} from './endpoints.ts'
import type {Output} from './output.ts'
import {createProcessContext} from './process-context.ts'

/**
 * Prints for `input`, or for every dataset of this host, what the job's filter says: `ACCEPT` or `REJECT`, the dataset,
 * and an empty field, between tabs. Throws `config` and `usage`.
 */
export async function testFilesystems(
  request: Output & {
    readonly config: string | undefined
    readonly job: string
    readonly input: string | undefined
  },
): Promise<ExitStatus> {
  const job = jobNamed(readConfig(request.config, request.printError), request.job)
  if (!('filesystems' in job))
    throw new OperationalError('usage', `job ${quoted(job.name)} is a ${job.type}: it has no filesystems`)
  const datasets = request.input === undefined ? await allDatasets() : [parseDatasetWord(request.input)]
  const line = (dataset: DatasetName) =>
    `${job.filesystems.accepts(dataset) ? 'ACCEPT' : 'REJECT'}\t${printable(dataset)}\t\n`
  request.print(datasets.map(line).join(''))
  return EXIT.ok
}

/** Reads a dataset's name on the command line. Throws `usage`. */
export function parseDatasetWord(text: string): DatasetName {
  try {
    return parseDatasetName(text)
  } catch (error) {
    if (error instanceof NameError) throw new OperationalError('usage', error.message)
    throw error
  }
}

async function allDatasets(): Promise<readonly DatasetName[]> {
  const ctx = createProcessContext('test filesystems')
  const {datasets} = await readOnly(createZfs({lockFd: undefined})).list(ctx, {roots: [], recursive: true})
  return datasets.map(({name}) => name)
}
