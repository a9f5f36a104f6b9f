/**
 * The entry of the executable. Looks at the first word before anything is loaded: the forced command must answer fast
 * and needs no command-line framework.
 */
const words = process.argv.slice(2)

if (words[0] === 'stdinserver') {
  const {stdinserver} = await import('./lib/app/stdinserver.ts')
  process.exitCode = await stdinserver(words.slice(1))
} else if (words[0] === 'zfs-library') {
  const {serveLibrary} = await import('./lib/host/library-server.ts')
  process.exitCode = serveLibrary()
} else if (words[0] === 'ssh-client') {
  const {runSshClient} = await import('./lib/ssh/client.ts')
  process.exitCode = await runSshClient(words.slice(1))
} else if (words.length === 1 && (words[0] === '--version' || words[0] === 'version')) {
  const {versionLine} = await import('./commands/version.ts')
  const {print, statusOfOutput} = await import('./commands/output.ts')
  print(`${versionLine()}\n`)
  process.exitCode = statusOfOutput(0)
} else {
  const {runCommandLine} = await import('./commands/command-line.ts')
  process.exitCode = await runCommandLine(words)
}

export {}
