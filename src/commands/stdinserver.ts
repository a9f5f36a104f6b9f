import {Args, Command} from '@oclif/core'
import {configFlag, EXIT_STATUS} from './flags.ts'

/** Only its help is run by oclif: `cli.ts` starts the server itself, before oclif is loaded. */
export class Stdinserver extends Command {
  static override summary = 'Serve one client on stdin and stdout. Started by sshd as a forced command.'
  static override description =
    `In authorized_keys: command="zrepl stdinserver CLIENT_IDENTITY",restrict ssh-ed25519 …\n\n${EXIT_STATUS}`
  static override args = {
    identity: Args.string({
      description: 'Must be in the client_identities of a sink or source job.',
      required: true,
    }),
  }
  static override flags = {config: configFlag}

  async run(): Promise<void> {
    await this.parse(Stdinserver)
  }
}
