import {fstatSync} from 'node:fs'
import {writeText} from '../host/write-text.ts'
import {SERVER_HELLO} from '../rpc/hello.ts'
import type {Words} from './served-client.ts'

/**
 * Serves one client on stdin and stdout until it hangs up; returns the exit status. Nothing but the protocol goes to
 * stdout. What the client asked sshd to run instead (SSH_ORIGINAL_COMMAND) is never looked at.
 *
 * Says hello before anything else is loaded: the client waits for that, and what it says then takes its time too.
 */
export async function stdinserver(argv: readonly string[]): Promise<number> {
  const words = readWords(argv)
  if (typeof words === 'string') return await refuse(words)
  if (await isTerminal())
    return await refuse('stdinserver is started by sshd, not by a person: stdin is a terminal')
  // Nothing has been written into it yet, so that it takes this without anybody reading.
  writeText(1, SERVER_HELLO)
  const {serveClient} = await import('./serve-client.ts')
  return await serveClient(words)
}

/** What it was started with, or what is wrong with that. */
function readWords(argv: readonly string[]): Words | string {
  const options: Record<string, string> = {}
  const identities: string[] = []
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? ''
    if (word === '--config' || word === '--listener') {
      index += 1
      const value = argv[index]
      if (value === undefined) return `${word} needs a value`
      options[word] = value
    } else if (word === '--help') return "its stdout is for the client: see 'zrepl --help stdinserver'"
    else if (word.startsWith('-')) return `unknown option '${word}'`
    else identities.push(word)
  }
  const [identity, ...rest] = identities
  if (identity === undefined || rest.length > 0) return 'stdinserver needs exactly one CLIENT_IDENTITY'
  return {identity, config: options['--config'], listener: options['--listener']}
}

/** To load what can tell a terminal takes longer than all else before the greeting, so that a pipe is seen without. */
async function isTerminal(): Promise<boolean> {
  if (!fstatSync(0).isCharacterDevice()) return false
  const {isatty} = await import('node:tty')
  return isatty(0)
}

async function refuse(misuse: string): Promise<number> {
  const {refuseClient} = await import('./serve-client.ts')
  return await refuseClient(misuse)
}
