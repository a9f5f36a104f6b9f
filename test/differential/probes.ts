import {type Cut, type Sequence, type Step, wordsOf} from './sequence.ts'

/**
 * Scripted sequences: at least one for each of the numbered semantics that commands can show. Those that no sequence of
 * commands shows are listed with their reason in `semantics.ts`.
 */
const LIST = 'list -Hp -t snapshot,bookmark -o name,guid,createtxg,creation,userrefs,clones -s createtxg'
const GET = 'get -Hp -r -t filesystem,volume -s local,default,none,received -o name,property,value,source'

const zfs = (words: string): Step => ({do: 'zfs', words: wordsOf(words)})
const write = (dataset: string, first = 0, count = 1): Step => ({do: 'write', dataset, first, count})
const cutAt =
  (cut: Cut) =>
  (send: string, receive: string): Step => ({
    do: 'transfer',
    cut,
    send: wordsOf(send),
    receive: wordsOf(receive),
  })
const transfer = cutAt('whole')
const begun = cutAt('begun')
const most = cutAt('most')
const resume = (dataset: string, receive: string, cut: Cut = 'whole', send = ''): Step => ({
  do: 'resume',
  cut,
  dataset,
  send: wordsOf(send),
  receive: wordsOf(receive),
})

/** `~/a` with five blocks and the snapshots 1 and 2, between which three blocks change. */
const HISTORY: readonly Step[] = [
  zfs('create ~/a'),
  write('~/a', 0, 5),
  zfs('snapshot ~/a@1'),
  write('~/a', 0, 3),
  zfs('snapshot ~/a@2'),
]
/** A copy of the first of them in `~/r`. */
const COPY: readonly Step[] = [...HISTORY, transfer('~/a@1', '-s -u ~/r@1')]

function probe(id: string, semantics: readonly number[], steps: readonly Step[]): Sequence {
  return {id, semantics, steps}
}

export const PROBES: readonly Sequence[] = [
  probe(
    'atomic',
    [1, 2, 3, 4],
    [
      zfs('create ~/a'),
      zfs('create ~/b'),
      zfs('snapshot ~/a@1 ~/b@1'),
      zfs('snapshot ~/a@2'),
      zfs('snapshot ~/b@3 ~/a@2'),
      zfs('snapshot ~/a@x ~/a@y'),
      zfs('snapshot ~/a@4 ~/none@4'),
      zfs(`${LIST} -r ~`),
    ],
  ),
  probe(
    'holds',
    [6, 7, 8],
    [
      ...HISTORY,
      zfs('hold tag ~/a@1'),
      zfs('hold tag ~/a@1 ~/a@2 ~/a@9'),
      zfs('holds -H ~/a@1 ~/a@2'),
      zfs('hold .tag ~/a@1'),
      zfs(`hold ${'t'.repeat(257)} ~/a@1`),
      zfs('hold tag ~/none@1'),
      zfs('release tag ~/a@9'),
      zfs('release other ~/a@1'),
      zfs('destroy -d ~/a@1'),
      zfs('release tag ~/a@1 ~/a@2'),
      zfs('release tag ~/a@2'),
      zfs('release tag ~/none@2'),
    ],
  ),
  probe(
    'destroy',
    [9],
    [
      ...HISTORY,
      zfs('snapshot ~/a@3'),
      zfs('hold tag ~/a@1'),
      zfs('destroy ~/a@1,2'),
      zfs('destroy ~/a@2,9'),
      zfs('destroy ~/a@9'),
      zfs('destroy ~/none@9'),
      zfs('clone ~/a@3 ~/c'),
      zfs('destroy ~/a@3'),
      zfs('destroy ~/a@1,3'),
      zfs('release tag ~/a@1'),
      zfs('destroy ~/a@1,3'),
      zfs('destroy ~/c'),
      zfs('destroy ~/a@1,3'),
    ],
  ),
  probe('ranges', [9], [...HISTORY, zfs('snapshot ~/a@3'), zfs('destroy ~/a@1%2'), zfs('destroy ~/a@%')]),
  probe(
    'bookmarks',
    [10, 11, 12],
    [
      ...HISTORY,
      zfs('bookmark ~/a@1 ~/a#b'),
      zfs('bookmark ~/a@1 ~/a#b'),
      zfs('bookmark ~/a@2 ~/a#b'),
      zfs('bookmark ~/a#b ~/a#c'),
      zfs('bookmark ~/a@9 ~/a#d'),
      zfs('bookmark ~/a#9 ~/a#d'),
      zfs('create ~/other'),
      zfs('bookmark ~/a@1 ~/other#b'),
      zfs('destroy ~/a@1'),
      zfs(`${LIST} -r ~`),
      zfs('destroy ~/a#b'),
      zfs('destroy ~/a#b'),
      zfs('destroy ~/none#b'),
      zfs('destroy -r ~/a'),
      zfs(`${LIST} -r ~`),
    ],
  ),
  probe(
    'base',
    [13],
    [
      ...HISTORY,
      zfs('bookmark ~/a@1 ~/a#b'),
      transfer('-i ~/a@2 ~/a@1', '-u ~/r@1'),
      transfer('-i ~/a@9 ~/a@1', '-u ~/r@1'),
      transfer('-i ~/a#9 ~/a@1', '-u ~/r@1'),
      transfer('~/a@9', '-u ~/r@1'),
      transfer('~/none@9', '-u ~/r@1'),
      transfer('~/a@1', '-u ~/r@1'),
      zfs('destroy ~/a@1'),
      transfer('-i ~/a#b ~/a@2', '-u ~/r@2'),
    ],
  ),
  probe(
    'long-hold',
    [14],
    [
      ...HISTORY,
      {do: 'while-sending', send: wordsOf('-i ~/a@1 ~/a@2'), words: wordsOf('destroy ~/a@2')},
      {do: 'while-sending', send: wordsOf('-i ~/a@1 ~/a@2'), words: wordsOf('destroy ~/a@1')},
    ],
  ),
  probe(
    'headers',
    [16],
    [
      ...HISTORY,
      {do: 'header', send: wordsOf('~/a@1')},
      {do: 'header', send: wordsOf('-i ~/a@1 ~/a@2')},
      {do: 'header', send: wordsOf('-c -i ~/a@1 ~/a@2')},
      {do: 'header', send: wordsOf('-w ~/a@1')},
    ],
  ),
  probe(
    'encrypted',
    [15],
    [
      {do: 'create-encrypted', dataset: '~/e'},
      write('~/e', 0, 3),
      zfs('snapshot ~/e@1'),
      {do: 'header', send: wordsOf('~/e@1')},
      {do: 'header', send: wordsOf('-w ~/e@1')},
      {do: 'header', send: wordsOf('-p ~/e@1')},
      transfer('-w ~/e@1', '-s -u ~/raw@1'),
      transfer('~/e@1', '-s -u ~/plain@1'),
      write('~/e', 1, 1),
      zfs('snapshot ~/e@2'),
      transfer('-i ~/e@1 ~/e@2', '-s -u ~/raw@2'),
      {do: 'unload-key', dataset: '~/e'},
      transfer('~/e@2', '-s -u ~/other@2'),
      transfer('-i ~/e@1 ~/e@2', '-s -u ~/plain@2'),
      transfer('-w -i ~/e@1 ~/e@2', '-s -u ~/plain@2'),
      transfer('-w -i ~/e@1 ~/e@2', '-s -u ~/raw@2'),
      zfs(`${GET} encryption,keystatus ~`),
    ],
  ),
  probe(
    'full',
    [17, 18],
    [
      ...HISTORY,
      transfer('~/a@1', '-s -u ~/r@other'),
      transfer('~/a@2', '-s -u ~/r@2'),
      transfer('~/a@2', '-s -u -F ~/r@2'),
      zfs('create ~/e'),
      transfer('~/a@1', '-u ~/e@1'),
      transfer('~/a@1', '-u -F ~/e@1'),
      transfer('~/a@1', '-u ~/no/parent@1'),
    ],
  ),
  probe(
    'incremental',
    [19],
    [
      ...COPY,
      transfer('-i ~/a@1 ~/a@2', '-s -u ~/none@2'),
      zfs('rename ~/r@1 ~/r@old'),
      zfs('snapshot ~/r@foreign'),
      transfer('-i ~/a@1 ~/a@2', '-s -u ~/r@2'),
      zfs('create ~/e'),
      zfs('snapshot ~/e@1'),
      transfer('-i ~/a@1 ~/a@2', '-s -u ~/e@2'),
    ],
  ),
  probe(
    'modified',
    [19, 33],
    [
      ...COPY,
      write('~/r'),
      transfer('-i ~/a@1 ~/a@2', '-s -u ~/r@2'),
      zfs('rollback ~/r@1'),
      transfer('-i ~/a@1 ~/a@2', '-s -u ~/r@2'),
      zfs('bookmark ~/r@2 ~/r#b'),
      zfs('rollback ~/r@1'),
      zfs('rollback -r ~/r@1'),
    ],
  ),
  probe(
    'rollback-held',
    [33],
    [...HISTORY, zfs('hold tag ~/a@2'), zfs('rollback -r ~/a@1'), zfs('rollback ~/a@9')],
  ),
  probe(
    'again',
    [20],
    [
      ...COPY,
      zfs('snapshot ~/r@2'),
      transfer('-i ~/a@1 ~/a@2', '-s -u ~/r@2'),
      transfer('-i ~/a@1 ~/a@2', '-s -u ~/r@3'),
      transfer('-i ~/a@1 ~/a@2', '-s -u ~/r@3'),
      transfer('-i ~/a@1 ~/a@2', '-s -u ~/r@4'),
    ],
  ),
  probe(
    'partial-full',
    [5, 21, 22, 23, 24, 25, 30, 32],
    [
      ...HISTORY,
      begun('~/a@1', '-s -u ~/r@1'),
      most('~/a@1', '-u ~/r@1'),
      most('~/a@1', '-s -u ~/r@1'),
      zfs('snapshot ~/r@x'),
      transfer('~/a@1', '-s -u ~/r@1'),
      transfer('~/a@2', '-s -u -F ~/r@2'),
      zfs('rename ~/r ~/q'),
      resume('~/r', '-s -u ~/r@1', 'begun'),
      {do: 'header', send: wordsOf('~/a@1')},
      resume('~/r', '-s -u ~/r@1'),
      resume('~/r', '-s -u ~/r@1'),
    ],
  ),
  probe(
    'partial-incremental',
    [21, 23, 25, 30, 31, 32],
    [
      ...COPY,
      begun('-i ~/a@1 ~/a@2', '-s -u ~/r@2'),
      zfs('receive -A ~/r'),
      zfs('receive -A ~/r'),
      most('-i ~/a@1 ~/a@2', '-u ~/r@2'),
      most('-i ~/a@1 ~/a@2', '-s -u ~/r@2'),
      transfer('-i ~/a@1 ~/a@2', '-s -u ~/r@2'),
      zfs('destroy ~/r@1'),
      zfs('rename ~/r ~/q'),
      resume('~/r', '-s -u ~/r@2', 'most'),
      resume('~/r', '-s -u ~/r@2'),
      zfs('destroy ~/r@1'),
    ],
  ),
  probe(
    'abort',
    [30],
    [
      ...HISTORY,
      zfs('receive -A ~/a'),
      zfs('receive -A ~/none'),
      most('~/a@1', '-s -u ~/r@1'),
      zfs('receive -A ~/r'),
    ],
  ),
  probe(
    'partial-replacing',
    [22, 30, 43],
    [
      ...HISTORY,
      zfs('create ~/r'),
      most('~/a@1', '-s -u -F ~/r@1'),
      transfer('~/a@1', '-s -u -F ~/r@1'),
      resume('~/r', '-s -u ~/r@1'),
      resume('~/r', '-s -u -F ~/r@1'),
      zfs('receive -A ~/r'),
    ],
  ),
  probe(
    'commit',
    [26],
    [
      ...COPY,
      most('-i ~/a@1 ~/a@2', '-s -u ~/r@2'),
      zfs('snapshot ~/r@foreign'),
      resume('~/r', '-s -u ~/r@2'),
      zfs('destroy ~/r@foreign'),
      resume('~/r', '-s -u ~/r@2'),
    ],
  ),
  probe(
    'commit-modified',
    [26],
    [...COPY, most('-i ~/a@1 ~/a@2', '-s -u ~/r@2'), write('~/r'), resume('~/r', '-s -u ~/r@2')],
  ),
  probe(
    'force',
    [27],
    [
      ...COPY,
      zfs('snapshot ~/r@foreign'),
      zfs('hold tag ~/r@foreign'),
      transfer('-i ~/a@1 ~/a@2', '-s -u -F ~/r@2'),
    ],
  ),
  probe(
    'token-gone',
    [22],
    [
      ...HISTORY,
      most('~/a@1', '-s -u ~/r@1'),
      zfs('destroy ~/a@1'),
      resume('~/r', '-s -u ~/r@1'),
      zfs('snapshot ~/a@1'),
      resume('~/r', '-s -u ~/r@1'),
    ],
  ),
  probe(
    'token-base-gone',
    [22, 31],
    [
      ...COPY,
      most('-i ~/a@1 ~/a@2', '-s -u ~/r@2'),
      zfs('bookmark ~/a@1 ~/a#b'),
      zfs('destroy ~/a@1'),
      resume('~/r', '-s -u ~/r@2', 'most'),
      zfs('destroy ~/a#b'),
      resume('~/r', '-s -u ~/r@2'),
    ],
  ),
  probe(
    'renamed',
    [34],
    [
      ...COPY,
      zfs('bookmark ~/a@1 ~/a#b'),
      zfs('hold tag ~/a@2'),
      most('-i ~/a@1 ~/a@2', '-s -u ~/r@2'),
      zfs('rename ~/a ~/z'),
      zfs('holds -H ~/z@2'),
      resume('~/r', '-s -u ~/r@2'),
      zfs('rename ~/none ~/z2'),
      zfs('rename ~/z ~/r'),
    ],
  ),
  probe('promote', [35], [...HISTORY, zfs('clone ~/a@1 ~/c'), zfs('promote ~/c')]),
  probe(
    'properties',
    [36, 37],
    [
      zfs('create -o zrepl:placeholder=on ~/p'),
      zfs('create ~/p/child'),
      zfs(`${GET} zrepl:placeholder ~`),
      zfs('set zrepl:placeholder=off ~/p'),
      zfs('inherit zrepl:placeholder ~/p/child'),
      zfs(`${GET} zrepl:placeholder,origin,receive_resume_token ~`),
      zfs('inherit zrepl:placeholder ~/p'),
      zfs(`${GET} zrepl:placeholder ~`),
      zfs('set zrepl:placeholder=off ~/none'),
    ],
  ),
  probe(
    'override',
    [28, 29],
    [
      ...HISTORY,
      transfer('~/a@1', '-s -u -o zrepl:placeholder=off -o canmount=off ~/r@1'),
      zfs(`${GET} zrepl:placeholder ~/r`),
    ],
  ),
  probe(
    'missing',
    [38],
    [
      ...HISTORY,
      zfs(`${LIST} -d 1 -r ~/none`),
      zfs(`${LIST} -d 1 -r ~/a ~/none`),
      zfs('holds -H ~/a@9'),
      zfs(`${GET} origin ~/none`),
    ],
  ),
  probe(
    'running-receive',
    [22, 32],
    [
      ...COPY,
      {
        do: 'while-receiving',
        send: wordsOf('-i ~/a@1 ~/a@2'),
        receive: wordsOf('-s -u ~/r@2'),
        words: wordsOf('receive -A ~/r'),
      },
      {
        do: 'while-receiving',
        send: wordsOf('-i ~/a@1 ~/a@2'),
        receive: wordsOf('-s -u ~/r@2'),
        words: wordsOf('destroy ~/r@1'),
      },
    ],
  ),
  probe(
    'clone',
    [13, 35],
    [
      ...HISTORY,
      zfs('clone ~/a@1 ~/c'),
      zfs('clone ~/a@9 ~/d'),
      zfs('clone ~/a@1 ~/c'),
      zfs('snapshot ~/c@3'),
      transfer('-i ~/a@1 ~/c@3', '-u ~/r@3'),
      zfs('destroy ~/a'),
      zfs('destroy -r ~/a'),
    ],
  ),
]
