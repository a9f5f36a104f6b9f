import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {readStreamHeader} from '../../src/lib/zfs/stream-header.ts'
import type {Raw, RawObject} from './observe.ts'
import {isAsked, POOL, type Sequence, type Step} from './sequence.ts'

/** Runs a /bin/sh script on a machine with ZFS and returns its output. */
export type RunScript = (script: string) => Promise<string>

/** What real ZFS does with the sequences: all of them are given to one program in the guest, several at a time. */
export async function runInLab(
  sequences: readonly Sequence[],
  runScript: RunScript,
): Promise<ReadonlyMap<string, readonly Raw[]>> {
  const program = readFileSync(join(import.meta.dirname, 'in-guest.py'), 'utf8')
  const stdout = await runScript(`export LC_ALL=C
cat >/tmp/in-guest.py <<'__END__'
${program}
__END__
python3 /tmp/in-guest.py <<'__END__'
${JSON.stringify({pool: POOL, sequences})}
__END__
`)
  const told = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line): ToldSequence => JSON.parse(line))
  return new Map(
    sequences.map(({id, steps}) => {
      const answers = told.find((one) => one.id === id)?.answers
      if (answers?.length !== steps.length) throw new Error(`${id}: not an answer to each step`)
      return [id, answers.map((answer, index) => readAnswer(answer, steps[index]))]
    }),
  )
}

/** What `in-guest.py` says. */
type ToldSequence = {readonly id: string; readonly answers: readonly ToldAnswer[]}

type ToldAnswer = {
  readonly exit: number
  readonly stderr: string
  readonly stdout: string
  /** The first record of a stream, in hexadecimal. */
  readonly header?: string
  readonly state: readonly ToldObject[]
}

/** The name, and the properties in the order of `PROPERTIES` there. */
type ToldObject = readonly [string, string, string, string, string, string, string, string, string]

function readAnswer({exit, stderr, stdout, header, state}: ToldAnswer, step: Step | undefined): Raw {
  const first = header === undefined ? undefined : readStreamHeader(Buffer.from(header, 'hex'))
  return {
    exit,
    stderr,
    stdout: step?.do === 'zfs' && isAsked(step.words) ? stdout : undefined,
    ...(first?.kind === 'header' ? {header: first} : {}),
    state: state.map(readObject),
  }
}

function readObject(cells: ToldObject): RawObject {
  const [name, type, guid, createtxg, userrefs, deferDestroy, origin, token, written] = cells
  return {name, type, guid, createtxg, userrefs, deferDestroy, origin, token, written}
}
