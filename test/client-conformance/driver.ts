import {OperationalError} from '../../src/lib/core/errors.ts'
import {createClock} from '../../src/lib/host/clock.ts'
import {createLibrary} from '../../src/lib/host/library.ts'
import {createPipe} from '../../src/lib/host/pipe.ts'
import {resolveProgram} from '../../src/lib/host/resolve-program.ts'
import {createRunProgram} from '../../src/lib/host/run-program.ts'
import {createLogs} from '../../src/lib/trace/log.ts'
import {createRootSpan, randomSpanId} from '../../src/lib/trace/span.ts'
import {createZfsCliClient} from '../../src/lib/zfs-client/zfs-cli-client.ts'
import {createZfsLibraryClient} from '../../src/lib/zfs-client/zfs-library-client.ts'
import {CASES} from './cases.ts'
import {STREAM_CASES, type StreamCase} from './stream-cases.ts'

/**
 * Runs the cases on real ZFS with both implementations: `driver ZREPL DATASET IMPLEMENTATION…`. Prints one JSON object: by case and
 * implementation, what came out. Compiled and uploaded by test/lab/client-conformance.test.ts.
 */
const [zrepl = '', dataset = '', ...wanted] = process.argv.slice(2)
const clock = createClock()
const log = createLogs(clock, 'info', (line) => console.error(JSON.stringify(line)))
const ctx = {
  signal: new AbortController().signal,
  clock,
  log,
  span: createRootSpan(
    {clock, log, newId: randomSpanId, onMisuse: (mistake) => log.of('trace.data').error(mistake)},
    'conformance',
  ),
}
const cli = createZfsCliClient(createRunProgram({resolve: resolveProgram}))
const library = createLibrary({required: true, command: {path: zrepl, argv: ['zfs-library']}})
const clients = {cli, library: createZfsLibraryClient(library, cli)}

/** On Linux only root may mount, and `zfs` complains to others of what it could not mount. */
function zfs(...[verb = '', ...words]: readonly string[]): void {
  const unmounted = verb === 'create' || verb === 'clone' ? ['-o', 'canmount=off'] : []
  const {exitCode, stderr} = Bun.spawnSync(['zfs', verb, ...unmounted, ...words], {stderr: 'pipe'})
  if (exitCode !== 0) throw new Error(`zfs ${verb} ${words.join(' ')}: ${stderr.toString()}`)
}

/** Mounts it for as long as that takes. */
function write(dataset: string): void {
  const script = `set -e
dir=$(mktemp -d)
mount -t zfs -o zfsutil "$0" "$dir"
head -c 300000 /dev/urandom > "$dir/$(date +%s%N)"
umount "$dir"
rmdir "$dir"`
  const {exitCode, stderr} = Bun.spawnSync(['sh', '-c', script, dataset], {stderr: 'pipe'})
  if (exitCode !== 0) throw new Error(`cannot write to ${dataset}: ${stderr.toString()}`)
}

const cases: readonly StreamCase[] = [
  ...CASES,
  ...STREAM_CASES.filter(({writes}) => process.getuid?.() === 0 || writes !== true),
]
const found: Record<string, readonly string[]> = {}
for (const [index, one] of cases.entries()) {
  for (const access of wanted) {
    const client = clients[access as keyof typeof clients]
    const root = `${dataset}/${access}${index}`
    zfs('create', root)
    try {
      found[`${access}, ${one.name}`] = await one.run({client, root, ctx, zfs, write, pipe: createPipe})
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      found[`${access}, ${one.name}`] = [`${error.code}: ${error.message}`]
    }
  }
}
await library.close(ctx)
console.log(JSON.stringify(found))
