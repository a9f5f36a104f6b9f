import {Command, Flags} from '@oclif/core'
import {printResumeToken} from '../lib/app/decode-resume-token.ts'
import {EXIT_STATUS} from './flags.ts'
import {print, printError} from './output.ts'

export class TestDecoderesumetoken extends Command {
  static override summary = 'Decode a resume token: what it continues, and how much has arrived.'
  static override description = `ZFS is not asked, so this works on any host.\n\n${EXIT_STATUS}`
  static override examples = ['<%= config.bin %> test decoderesumetoken --token 1-e6b9…']
  static override flags = {
    token: Flags.string({summary: 'Value of receive_resume_token.', helpValue: 'TOKEN', required: true}),
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(TestDecoderesumetoken)
    process.exitCode = printResumeToken({token: flags.token, print, printError})
  }
}
