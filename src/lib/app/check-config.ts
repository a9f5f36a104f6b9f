import {renderDiagnostics} from '../config/render-diagnostic.ts'
import {EXIT, type ExitStatus} from '../core/exit-code.ts'
import {readConfig} from './config-file.ts'

/** Prints the jobs and the notices of a configuration. Throws `config` with all mistakes. */
export function checkConfig(request: {
  readonly config: string | undefined
  readonly print: (text: string) => void
  readonly printError: (text: string) => void
}): ExitStatus {
  const {jobs, notices, path} = readConfig(request.config, request.printError)
  request.printError(renderDiagnostics(notices))
  request.print(`${path}: ${jobs.length} ${jobs.length === 1 ? 'job' : 'jobs'}\n`)
  for (const {name, type} of jobs) request.print(`  ${name} (${type})\n`)
  return EXIT.ok
}
