import {join} from 'node:path'
import {execa} from 'execa'
import {generate} from './generate.ts'
import {BUN, ROOT} from './paths.ts'

if (import.meta.main) await build()

/** Makes dist/zrepl: one executable that needs nothing beside it. */
export async function build(): Promise<void> {
  await generate()
  const argv = [
    'build',
    '--compile',
    '--bytecode',
    '--format=esm',
    '--splitting',
    '--minify-syntax',
    '--minify-whitespace',
    '--sourcemap=inline',
    // The executable must not run or read what lies in the directory it is started in.
    '--no-compile-autoload-dotenv',
    '--no-compile-autoload-bunfig',
    '--no-compile-autoload-tsconfig',
    '--no-compile-autoload-package-json',
    '--outfile',
    join('dist', 'zrepl'),
    join('src', 'cli.ts'),
  ]
  await execa(BUN, argv, {cwd: ROOT, stdin: 'ignore'})
  console.error('built dist/zrepl')
}
