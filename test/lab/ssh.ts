import {join} from 'node:path'
import {execa} from 'execa'

/** How a command in the lab ended. */
export type Result = {readonly stdout: string; readonly stderr: string; readonly exitCode: number}

/** Commands in the guest over one shared ssh connection, which makes each of them cheap. */
export type Ssh = {
  readonly port: number
  readonly keyFile: string
  connect(): Promise<void>
  /** Runs a /bin/sh script given on stdin, so that nothing needs quoting. `onLine` gets each line of its stdout as it comes. */
  sh(script: string, onLine?: (line: string) => void): Promise<Result>
  /** The same with the terminal's own streams; returns the exit code. */
  interactive(command: readonly string[], tty: boolean): Promise<number>
  upload(local: string, remote: string): Promise<void>
  close(): Promise<void>
}

const CONNECT_DEADLINE_MS = 60_000

/** An ssh client to the guest behind `port`. Its control socket lies in `dir`. */
export function createSsh({
  port,
  keyFile,
  dir,
}: {
  readonly port: number
  readonly keyFile: string
  readonly dir: string
}): Ssh {
  const control = join(dir, 'mux')
  const options = [
    ...['-F', 'none', '-p', String(port), '-i', keyFile, '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes'],
    ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR'],
    ...['-o', `ControlPath=${control}`],
  ]
  let master: Bun.Subprocess | undefined

  async function run(
    words: readonly string[],
    input: {readonly input: string} | {readonly inputFile: string},
    onLine: (line: string) => void = () => {},
  ): Promise<Result> {
    const child = execa('ssh', [...options, 'root@127.0.0.1', ...words], {
      ...input,
      reject: false,
      stripFinalNewline: false,
    })
    for await (const line of child.iterable()) onLine(line)
    const {stdout, stderr, exitCode} = await child
    return {stdout, stderr, exitCode: exitCode ?? 255}
  }

  const sh = (script: string, onLine?: (line: string) => void) => run(['/bin/sh'], {input: script}, onLine)

  return {
    port,
    keyFile,
    sh,
    async connect() {
      const deadline = Date.now() + CONNECT_DEADLINE_MS
      master = Bun.spawn(['ssh', '-M', '-N', ...options, '-o', 'ConnectTimeout=60', 'root@127.0.0.1'], {
        stdin: 'ignore',
        stdout: 'ignore',
        stderr: 'ignore',
      })
      while ((await sh('true')).exitCode !== 0) {
        if (Date.now() > deadline) throw new Error('ssh does not answer')
      }
    },
    async interactive(command, tty) {
      const child = Bun.spawn(['ssh', ...(tty ? ['-t'] : []), ...options, 'root@127.0.0.1', ...command], {
        stdio: ['inherit', 'inherit', 'inherit'],
      })
      return await child.exited
    },
    async upload(local, remote) {
      const temporary = `${remote}.uploading`
      const result = await run(
        [`cat >'${temporary}' && chmod 755 '${temporary}' && mv '${temporary}' '${remote}'`],
        {inputFile: local},
      )
      if (result.exitCode !== 0) throw new Error(`cannot upload ${local}: ${result.stderr}`)
    },
    async close() {
      master?.kill('SIGKILL')
      await master?.exited
    },
  }
}
