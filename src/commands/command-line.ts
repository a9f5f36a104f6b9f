import {Config, flush, type Interfaces, run} from '@oclif/core'
import pjson from '../../package.json' with {type: 'json'}
import manifest from '../generated/manifest.json' with {type: 'json'}
import {EXIT} from '../lib/core/exit-code.ts'
import {splitCommandWords, withoutHelpWord} from './command-words.ts'
import {refuseDaemonWords} from './daemon-words.ts'
import {COMMANDS, TOPICS} from './index.ts'
import {print, printThrown, statusOfOutput} from './output.ts'

const PJSON = {
  ...pjson,
  oclif: {bin: 'zrepl', dirname: 'zrepl', topicSeparator: ' ', additionalHelpFlags: ['-h']},
}

/** Runs the command line and returns the exit status; what is wrong is on stderr by then. */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  // What oclif prints, its help, is lost without a word by the one of the runtime.
  console.log = (text = '') => print(`${text}\n`)
  return statusOfOutput(await runCommand(words))
}

async function runCommand(words: readonly string[]): Promise<number> {
  process.exitCode = EXIT.ok
  try {
    const config = await Config.load({
      root: '/',
      pjson: PJSON,
      plugins: new Map([[pjson.name, createPlugin()]]),
    } as Interfaces.LoadOptions)
    refuseDaemonWords(words)
    await run([...splitCommandWords(withoutHelpWord(words), Object.keys(COMMANDS))], config)
    await flush()
    return Number(process.exitCode)
  } catch (thrown) {
    return printThrown(thrown)
  }
}

/**
 * Ourselves as an oclif plugin, given as a value: oclif then looks for no package.json and reads no folders, which an
 * executable does not have. The shape is not a documented contract of oclif's, so its version is pinned and the
 * executable's help and exit codes are tested.
 */
function createPlugin(): Interfaces.Plugin {
  const plugin = {
    name: pjson.name,
    alias: pjson.name,
    version: pjson.version,
    pjson: PJSON,
    root: '/',
    type: 'core',
    moduleType: 'module',
    isRoot: true,
    valid: true,
    hasManifest: true,
    hooks: {},
    children: [],
    topics: [...TOPICS],
    options: {root: '/'},
    commandIDs: Object.keys(COMMANDS),
    load: async () => undefined,
    async findCommand(id: string) {
      const load = COMMANDS[id]
      if (load === undefined) return undefined
      return Object.assign(await load(), {id, plugin})
    },
    commands: [] as unknown[],
  }
  plugin.commands = Object.entries(manifest).map(([id, command]) => ({
    ...command,
    pluginAlias: pjson.name,
    pluginType: 'core',
    load: async () => await plugin.findCommand(id),
  }))
  return plugin as unknown as Interfaces.Plugin
}
