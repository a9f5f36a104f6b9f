/** Runs a script; returns what it printed, and throws unless it succeeds. */
export function sh(script: string): string {
  const {exitCode, stdout, stderr} = Bun.spawnSync(['sh', '-c', script], {stdout: 'pipe', stderr: 'pipe'})
  if (exitCode !== 0) throw new Error(`exit ${exitCode}: ${script.slice(0, 500)}\n${stdout}${stderr}`)
  return stdout.toString()
}
