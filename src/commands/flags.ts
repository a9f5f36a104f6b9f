import {Args, Flags} from '@oclif/core'
import {EXIT_MEANING} from '../lib/core/exit-code.ts'

/** Words that every command spells the same. */
export const configFlag = Flags.string({
  summary: 'Configuration file.',
  description: 'Default: the first of /etc/zrepl/zrepl.yml and /usr/local/etc/zrepl/zrepl.yml that exists.',
  helpValue: 'FILE',
})

export const jsonFlag = Flags.boolean({
  summary: 'Print the report of each job as JSON (schemas/report.schema.json), whatever its exit status.',
})

export const dryRunFlag = Flags.boolean({
  default: false,
  char: 'n',
  summary: 'Only show what would be done. Nothing is changed on either side.',
})

export const traceFlag = Flags.string({
  summary: 'Write the spans of the run as a Chrome trace; also by the variable ZREPL_ACTIVITY_TRACE.',
  helpValue: 'FILE',
})

export const keepTraceFlag = Flags.boolean({
  default: false,
  summary: 'Keep a trace of the run beside its report, for `zrepl trace`. Not of a dry run.',
  description: 'With {type: trace} in global.monitoring it is kept of every run.',
})

export const quietFlag = Flags.boolean({
  char: 'q',
  summary: 'Print and log nothing to the terminal unless something failed.',
  exclusive: ['verbose'],
})

export const verboseFlag = Flags.boolean({char: 'v', summary: 'Log every command and every span to stderr.'})

export const largePruneFlag = Flags.boolean({
  summary:
    'Destroy more in this run than pruning.limit allows, or although dates look as if a clock had been wrong.',
})

/** Of what can be asked about all jobs. */
export const anyJobArgs = {
  job: Args.string({
    description: 'Name of a job in the configuration; all of them, if none is given.',
    required: false,
    multiple: true,
    ignoreStdin: true,
  }),
}

export const jobArgs = {
  job: Args.string({
    description: 'Name of a job in the configuration.',
    required: true,
    multiple: true,
    ignoreStdin: true,
  }),
}

export const traceArgs = {
  jobOrFile: Args.string({
    name: 'JOB|FILE',
    description: 'A job whose newest kept trace is meant, or a file (with a slash in it, or no job).',
    required: true,
    ignoreStdin: true,
  }),
  run: Args.string({
    description: 'A run of the job, as `zrepl trace list` names it; the beginning is enough.',
    required: false,
    ignoreStdin: true,
  }),
}

/** The section of every help that says what the exit status means. */
export const EXIT_STATUS = `EXIT STATUS\n${Object.entries(EXIT_MEANING)
  .map(([status, meaning]) => `  ${status.padStart(2)}  ${meaning}`)
  .join('\n')}`
