import {Command, Flags} from '@oclif/core'
import {testPlaceholder} from '../lib/app/test-placeholder.ts'
import {EXIT_STATUS} from './flags.ts'
import {print, printError} from './output.ts'

export class TestPlaceholder extends Command {
  static override summary = 'Show which datasets are placeholders of ours.'
  static override description =
    `Only a locally set property counts, and only "on" or the value of zrepl 0.0.x means a placeholder.\n\n${EXIT_STATUS}`
  static override examples = ['<%= config.bin %> test placeholder --all']
  static override flags = {
    all: Flags.boolean({summary: 'Every dataset of this host.', exactlyOne: ['all', 'dataset']}),
    dataset: Flags.string({summary: 'This one.', helpValue: 'FS'}),
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(TestPlaceholder)
    process.exitCode = await testPlaceholder({dataset: flags.dataset, print, printError})
  }
}
