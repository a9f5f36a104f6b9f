import {join} from 'node:path'
import {generate} from './generate.ts'
import {BUN, ROOT} from './paths.ts'

if (import.meta.main) await build()

/** Makes dist/zrepl: one executable that needs nothing beside it. */
export async function build(): Promise<void> {
  await generate()
  const argv = [
    BUN,
    'build',
    '--compile',
    '--bytecode',
    '--format=esm',
    '--splitting',
    '--minify-syntax',
    '--minify-whitespace',
    '--sourcemap=linked',
    // The executable must not run or read what lies in the directory it is started in.
    '--no-compile-autoload-dotenv',
    '--no-compile-autoload-bunfig',
    '--no-compile-autoload-tsconfig',
    '--no-compile-autoload-package-json',
    '--outfile',
    join('dist', 'zrepl'),
    join('src', 'cli.ts'),
  ]
  const child = Bun.spawn(argv, {cwd: ROOT, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe'})
  const said = (await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])).join('')
  if ((await child.exited) !== 0) throw new Error(`cannot build dist/zrepl:\n${said}`)
  console.error('built dist/zrepl')
}
