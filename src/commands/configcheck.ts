import {Command} from '@oclif/core'
import {checkConfig} from '../lib/app/check-config.ts'
import {configFlag, EXIT_STATUS} from './flags.ts'
import {print, printError} from './output.ts'

export class Configcheck extends Command {
  static override summary = 'Check the configuration and list its jobs.'
  static override description = `All mistakes are reported at once, with their place.\n\n${EXIT_STATUS}`
  static override flags = {config: configFlag}

  async run(): Promise<void> {
    const {flags} = await this.parse(Configcheck)
    process.exitCode = checkConfig({config: flags.config, print, printError})
  }
}
