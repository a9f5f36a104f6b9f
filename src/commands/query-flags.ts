import {Args, Flags} from '@oclif/core'
import {ABSTRACTION_TYPES} from '../lib/abstraction/abstraction.ts'

/** What narrows a query for holds and bookmarks of ours. */
export const queryFlags = {
  job: Flags.string({summary: 'Only what this job has left. It need not be configured.', helpValue: 'JOB'}),
  type: Flags.string({
    summary: 'Only these types, separated by commas; may be repeated.',
    description: `${ABSTRACTION_TYPES.join(', ')}.`,
    helpValue: 'TYPE',
    options: [...ABSTRACTION_TYPES],
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
  }),
}

/** JSON of many objects, which is no report. */
export const jsonLinesFlag = Flags.boolean({
  summary: 'Print one JSON object a line, with the fields of zrepl.',
})

/** zrepl's way to name filesystems. */
export const fsFlag = Flags.string({
  summary: 'Only this filesystem, or a filter: PATTERN:ok,PATTERN:!,…',
  description:
    'Patterns are those of a job\'s filesystems: "tank/a" is that one, "tank/a<" also everything below. Default: all pools.',
  helpValue: 'FS',
})

/** The same for the commands that are not zrepl's. */
export const filesystemArgs = {
  filesystem: Args.string({
    description: 'Only these: "tank/a" is that one, "tank/a<" also everything below. Default: all pools.',
    required: false,
    multiple: true,
    ignoreStdin: true,
  }),
}
