import type {Subprocess} from 'bun'

/** How a program ended, and what it said. */
export type Ended = {readonly exitCode: number; readonly stdout: string; readonly stderr: string}

/** Runs a program as cron does: nothing of it is a terminal, its stdin is empty, and its environment is `env` alone. */
export async function runToEnd(
  argv: readonly string[],
  how: {readonly cwd: string; readonly env: Readonly<Record<string, string>>},
): Promise<Ended> {
  return await untilEnd(Bun.spawn([...argv], {...how, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe'}))
}

/** Waits for the end of a program that runs already. */
export async function untilEnd(
  child: Pick<Subprocess<'ignore', 'pipe', 'pipe'>, 'stdout' | 'stderr' | 'exited'>,
): Promise<Ended> {
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ])
  return {exitCode: await child.exited, stdout, stderr}
}
