import type {RunReport} from '../../src/lib/report/report.ts'
import type {Lab} from './lab.ts'

/** A run of the executable in the guest: its report and how it ended. */
export type Run = {readonly report: RunReport; readonly exitCode: number; readonly stderr: string}

/** Runs `zrepl WORDS --json` in the guest. */
export async function zrepl(lab: Lab, words: string): Promise<Run> {
  const {stdout, stderr, exitCode} = await lab.sh(`cd / && zrepl ${words} --json\n`)
  if (!stdout.startsWith('{')) throw new Error(`zrepl ${words}: exit ${exitCode}\n${stdout}\n${stderr}`)
  return {report: JSON.parse(stdout) as RunReport, exitCode, stderr}
}

/** `name guid` of every snapshot of a dataset, oldest first. */
export async function snapshots(lab: Lab, dataset: string): Promise<readonly string[]> {
  const listed = await lab.ok(`zfs list -Hp -t snapshot -o name,guid -s createtxg -d 1 -r '${dataset}'\n`)
  return lines(listed).map((line) => line.slice(line.indexOf('@') + 1).replace('\t', ' '))
}

/** Names of a dataset's bookmarks. */
export async function bookmarks(lab: Lab, dataset: string): Promise<readonly string[]> {
  const listed = await lab.ok(`zfs list -Hp -t bookmark -o name -d 1 -r '${dataset}'\n`)
  return lines(listed).map((line) => line.slice(line.indexOf('#') + 1))
}

/** `snapshot tag` of every hold on a dataset's snapshots. */
export async function holds(lab: Lab, dataset: string): Promise<readonly string[]> {
  const script = `zfs list -Hp -t snapshot -o name -d 1 -r '${dataset}' | xargs -r -d '\\n' zfs holds -H\n`
  return lines(await lab.ok(script)).map((line) => {
    const [snapshot = '', tag = ''] = line.split('\t')
    return `${snapshot.slice(snapshot.indexOf('@') + 1)} ${tag}`
  })
}

/** Mounts the newest snapshot read-only, or reads the volume's, and digests its content. */
export async function digestTree(lab: Lab, snapshot: string): Promise<string> {
  const script = `set -e
dir=$(mktemp -d)
mount -t zfs -o ro '${snapshot}' "$dir"
(cd "$dir" && find . -type f -print0 | sort -z | xargs -0 -r sha256sum)
umount "$dir"
rmdir "$dir"
`
  return await lab.ok(script)
}

/**
 * Takes the snapshots `sFIRST` to `sLAST` of a filesystem, one after the other. Each takes a transaction group, but not a
 * program: that would take most of the time.
 */
export async function takeMany(lab: Lab, filesystem: string, first: number, last: number): Promise<void> {
  await lab.ok(`python3 - ${filesystem} ${first} ${last} <<'__END__'
import ctypes, sys
core = ctypes.CDLL('libzfs_core.so.3')
nvpair = ctypes.CDLL('libnvpair.so.3')
core.libzfs_core_init()
for number in range(int(sys.argv[2]), int(sys.argv[3]) + 1):
    names, errors = ctypes.c_void_p(), ctypes.c_void_p()
    nvpair.nvlist_alloc(ctypes.byref(names), 1, 0)
    nvpair.nvlist_add_boolean(names, f'{sys.argv[1]}@s{number}'.encode())
    errno = core.lzc_snapshot(names, None, ctypes.byref(errors))
    if errno: sys.exit(f'{sys.argv[1]}@s{number}: errno {errno}')
    nvpair.nvlist_free(names)
__END__
`)
}

/**
 * Puts a script before the guest's zfs that may do something first; `$1` is the verb. The real one keeps its name, by which its
 * processes are known: it is `"$0.real/zfs"`. Returns how to take the script away.
 */
export async function interpose(lab: Lab, text: string): Promise<() => Promise<void>> {
  await lab.ok(`set -e
zfs=$(readlink -f "$(command -v zfs)")
mkdir $zfs.real
mv $zfs $zfs.real/
cat >$zfs <<'__END__'
#!/bin/sh
${text}
exec "$0.real/zfs" "$@"
__END__
chmod 755 $zfs
`)
  return async () =>
    void (await lab.ok(
      'zfs=$(readlink -f "$(command -v zfs)"); mv -f $zfs.real/zfs $zfs && rmdir $zfs.real\n',
    ))
}

/** How many changes a pool's own history has recorded: every mutating command adds to it, a look does not. */
export async function poolHistory(lab: Lab, pool: string): Promise<number> {
  return lines(await lab.ok(`zpool history -i '${pool}'\n`)).length
}

/** The last 16 lower-case hexadecimal digits zrepl writes into bookmark names. */
export function guidHex(guid: string): string {
  return BigInt(guid).toString(16).padStart(16, '0')
}

function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '')
}
