import {readStreamHeader} from '../../src/lib/zfs/stream-header.ts'
import type {Raw, RawObject} from './observe.ts'
import {atRoot, type Cut, isAsked, POOL, rootOf, type Sequence, type Step, type Words} from './sequence.ts'

/** Runs a /bin/sh script on a machine with ZFS and returns its output. */
export type RunScript = (script: string) => Promise<string>

/** What real ZFS does with the sequences: one script for all of them, whose output is taken apart here. */
export async function runInLab(
  sequences: readonly Sequence[],
  runScript: RunScript,
): Promise<ReadonlyMap<string, readonly Raw[]>> {
  const steps = sequences.map((sequence) => {
    const root = rootOf(sequence)
    const script = sequence.steps.map((step) => `${actScript(step, root)}\nstate ${root}\n`).join('')
    return `exec 9>/tmp/diff/${sequence.id}\nnew ${root}\n${script}`
  })
  const halves = [0, 1].map((half) => steps.filter((_, index) => index % 2 === half))
  const workers = halves.map((half, index) => `(work=/tmp/diff/w${index}; mkdir $work\n${half.join('')}) &\n`)
  const collect = sequences.map(({id}) => `echo "##sequence ${id}"; cat /tmp/diff/${id}\n`).join('')
  const stdout = await runScript(`${PRELUDE}${workers.join('')}wait\n${collect}${AFTERWARDS}`)
  return new Map(sequences.map((sequence) => [sequence.id, readSequence(stdout, sequence)]))
}

/** Everything a step says goes to descriptor 9 with marks around it, complaints first. */
const PRELUDE = `
export LC_ALL=C
rm -rf /tmp/diff /pool/${POOL}; mkdir /tmp/diff
truncate -s 1G /pool/${POOL}
zpool create -f -O mountpoint=/mnt/${POOL} -O atime=off ${POOL} /pool/${POOL} || exit 1
new() { zfs create "$1"; }
create_encrypted() { echo 12345678 | zfs create -o encryption=on -o keyformat=passphrase "$1"; }
state() {
  echo '##state' >&9
  zfs list -Hp -t all -o name,type,guid,createtxg,userrefs,defer_destroy,origin,receive_resume_token,written -r "$1" >&9
}
said() { printf '##exit %s\\n##stderr\\n%s\\n##stdout\\n%s\\n' "$1" "$2" "$3" >&9; }
quiet() { e=$("$@" 2>&1 >/dev/null); said $? "$e" ''; }
asked() { o=$("$@" 2>$work/e); r=$?; said $r "$(cat $work/e)" "$o"; }
send_file() { e=$(zfs send "$@" 2>&1 >$work/s) && return 0; said $? "$e" ''; return 1; }
receive_file() {
  cut=$1; shift; length=$(stat -c %s $work/s)
  [ $length -le 1500 ] && [ $cut = begun ] && cut=whole
  case $cut in whole) ;; begun) truncate -s 400 $work/s;; most) truncate -s $((length * 6 / 10)) $work/s;; esac
  e=$(zfs receive "$@" 2>&1 >/dev/null <$work/s); said $? "$e" ''
}
write_blocks() {
  if mountpoint -q "/mnt/$1"; then mounted=; else mounted=$1; zfs mount "$1"; fi
  dd if=/dev/urandom "of=/mnt/$1/file" bs=128k seek=$2 count=$3 conv=notrunc status=none
  [ -z "$mounted" ] || zfs unmount "$1"
  zpool sync ${POOL}
  said 0 '' ''
}
`

const AFTERWARDS = `zpool destroy -f ${POOL}; rm -rf /tmp/diff /pool/${POOL}\n`

function actScript(step: Step, root: string): string {
  const words = (of: Words) => shellWords(atRoot(of, root))
  switch (step.do) {
    case 'zfs':
      return `${isAsked(step.words) ? 'asked' : 'quiet'} zfs ${words(step.words)}`
    case 'write':
      return `write_blocks ${words([step.dataset])} ${step.first} ${step.count}`
    case 'create-encrypted':
      return `quiet create_encrypted ${words([step.dataset])}`
    case 'unload-key':
      return `zfs unmount ${words([step.dataset])}; quiet zfs unload-key ${words([step.dataset])}`
    case 'transfer':
      return transferScript(words(step.send), step.cut, words(step.receive))
    case 'resume':
      return `t=$(zfs get -H -o value receive_resume_token ${words([step.dataset])} 2>/dev/null)
case $t in 1-*) ${transferScript(`${words(step.send)} -t $t`, step.cut, words(step.receive))};; *) said 99 'no token' '';; esac`
    case 'header':
      return `send_file ${words(step.send)} && said 0 '' "$(head -c 312 $work/s | od -An -v -tx1 | tr -d ' \\n')"`
    case 'while-sending':
      return `mkfifo $work/f; zfs send ${words(step.send)} >$work/f & exec 7<$work/f; head -c 1000 <&7 >/dev/null
quiet zfs ${words(step.words)}
exec 7<&-; wait $!; rm $work/f`
    case 'while-receiving':
      return `send_file ${words(step.send)} && { mkfifo $work/f; zfs receive ${words(step.receive)} <$work/f 2>/dev/null & exec 7>$work/f; head -c $(($(stat -c %s $work/s) * 6 / 10)) $work/s >&7; sleep 0.5
quiet zfs ${words(step.words)}
exec 7>&-; wait $!; rm $work/f; }`
  }
}

function transferScript(send: string, cut: Cut, receive: string): string {
  return `send_file ${send} && receive_file ${cut} ${receive}`
}

function shellWords(words: Words): string {
  return words.map((word) => `'${word}'`).join(' ')
}

function readSequence(stdout: string, {id, steps}: Sequence): readonly Raw[] {
  const start = stdout.indexOf(`##sequence ${id}\n`)
  const end = stdout.indexOf('##sequence ', start + 1)
  const text = stdout.slice(start, end === -1 ? undefined : end)
  const parts = text.split('##exit ').slice(1)
  if (start === -1 || parts.length !== steps.length)
    throw new Error(`${id}: ${parts.length} answers to ${steps.length} steps\n${text.slice(-2000)}`)
  return parts.map((part, index) => readStep(part, steps[index]))
}

function readStep(part: string, step: Step | undefined): Raw {
  const [, exit, stderr = '', stdout = '', state = ''] =
    /^(\d+)\n##stderr\n(.*?)##stdout\n(.*?)##state\n(.*)$/s.exec(part) ?? []
  if (exit === undefined) throw new Error(`not the form of an answer: ${part}`)
  const asked = step?.do === 'zfs' && isAsked(step.words)
  const header = step?.do === 'header' ? readStreamHeader(Buffer.from(stdout.trim(), 'hex')) : undefined
  return {
    exit: Number(exit),
    stderr,
    stdout: asked ? stdout : undefined,
    ...(header?.kind === 'header' ? {header} : {}),
    state: state.split('\n').flatMap((line) => (line === '' ? [] : [readObject(line)])),
  }
}

function readObject(line: string): RawObject {
  const cells = line.split('\t')
  if (cells.length !== 9) throw new Error(`not a line of a listing: ${line}`)
  const [name = '', type = '', guid = '', createtxg = '', userrefs = '', ...rest] = cells
  const [deferDestroy = '', origin = '', token = '', written = ''] = rest
  return {name, type, guid, createtxg, userrefs, deferDestroy, origin, token, written}
}
