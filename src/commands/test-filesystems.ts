import {Command, Flags} from '@oclif/core'
import {testFilesystems} from '../lib/app/test-filesystems.ts'
import {configFlag, EXIT_STATUS} from './flags.ts'
import {print, printError} from './output.ts'

export class TestFilesystems extends Command {
  static override summary = "Show which datasets a job's filesystems filter accepts."
  static override description = `For push, source and snap jobs.\n\n${EXIT_STATUS}`
  static override examples = ['<%= config.bin %> test filesystems --job offsite --all']
  static override flags = {
    config: configFlag,
    job: Flags.string({summary: 'Name of the job.', helpValue: 'JOB', required: true}),
    all: Flags.boolean({summary: 'Every dataset of this host.', exactlyOne: ['all', 'input']}),
    input: Flags.string({summary: 'This one, which need not exist.', helpValue: 'FS'}),
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(TestFilesystems)
    process.exitCode = await testFilesystems({
      config: flags.config,
      job: flags.job,
      input: flags.input,
      print,
      printError,
    })
  }
}
