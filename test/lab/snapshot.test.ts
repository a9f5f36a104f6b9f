import {afterAll, beforeAll, expect, test} from 'vitest'
import type {HookReport} from '../../src/lib/report/report.ts'
import {type Lab, openLab} from './lab.ts'
import {poolHistory, snapshots, zrepl} from './scenario.ts'

let lab: Lab
/** Two pools of one job. */
let src: string
let dst: string
let destroy: () => Promise<void>

const CONFIG = '/etc/zrepl/snapshot.yml'
const LOG = '/tmp/hook.log'

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  await lab.ok(`
for fs in ${src}/data ${src}/data/a '${src}/data/b c' ${dst}/data; do zfs create "$fs"; done
zfs create -V 1M ${src}/data/vol
`)
})

afterAll(async () => {
  await destroy?.()
  await lab?.close()
})

function config(snapshotting: string, more = ''): string {
  return `jobs:
  - name: snaps
    type: snap
    filesystems: {"${src}/data<": true, "${dst}/data": true}
    snapshotting: ${snapshotting}
${more}    pruning: {keep: [{type: last_n, count: 50}]}
`
}

async function configure(snapshotting: string, more?: string): Promise<void> {
  await lab.writeFile(CONFIG, config(snapshotting, more))
}

/** A program for hooks that writes down what it is told, then does what \`text\` says. */
async function hook(name: string, text = ''): Promise<string> {
  const path = `/etc/zrepl/${name}`
  await lab.writeFile(path, `#!/bin/sh\necho "${name} $* $ZREPL_HOOKTYPE $ZREPL_FS" >>${LOG}\n${text}`)
  await lab.ok(`chmod 755 ${path}; : >${LOG}\n`)
  return path
}

async function logged(): Promise<readonly string[]> {
  return (await lab.ok(`sed 's/ *$//' ${LOG}\n`)).trim().split('\n')
}

const run = (words: string) => zrepl(lab, `${words} snaps --config ${CONFIG}`)
const states = ({report}: Awaited<ReturnType<typeof run>>) =>
  Object.fromEntries((report.snapshot?.filesystems ?? []).map(({filesystem, state}) => [filesystem, state]))
const edges = (hooks: readonly HookReport[] = []) =>
  hooks.map(({edge, state, filesystems = []}) => `${edge} ${state} ${filesystems.join('+')}`)

test('a round is one instant on each pool, while somebody writes', async () => {
  await configure('{type: periodic, prefix: auto_, interval: 1h, timestamp_format: human}')
  await lab.ok(`
rm -f /tmp/stop
(n=0; while [ ! -e /tmp/stop ]; do n=$((n+1)); echo $n >>/mnt/${src}/data/a/n; echo $n >>'/mnt/${src}/data/b c/n'; done) >/dev/null 2>&1 &
`)
  const first = await run('snap')
  await lab.ok('touch /tmp/stop; wait\n')
  expect({exitCode: first.exitCode, stderr: first.stderr}).toEqual({exitCode: 0, stderr: ''})
  const {name, pools} = first.report.snapshot ?? {}
  expect(name).toMatch(/^auto_\d{4}-\d\d-\d\d_\d\d:\d\d:\d\d$/)
  expect(pools).toEqual([
    {pool: dst, snapshots: 1, transactions: 1, consistent: true},
    {pool: src, snapshots: 4, transactions: 1, consistent: true},
  ])
  const txgs = await lab.ok(`zfs list -Hp -t snapshot -o createtxg -r ${src} | sort -u\n`)
  expect(txgs.trim().split('\n')).toHaveLength(1)
  // The writer is always at most one ahead in the one it writes first; a line is written at once.
  const [a = Number.NaN, b = Number.NaN] = (
    await lab.ok(
      `tail -qn 1 /mnt/${src}/data/a/.zfs/snapshot/${name}/n '/mnt/${src}/data/b c/.zfs/snapshot/${name}/n'\n`,
    )
  )
    .split('\n')
    .map(Number)
  expect([0, 1]).toContain(a - b)

  const history = await poolHistory(lab, src)
  expect(states(await run('snap'))).toEqual({
    [`${src}/data`]: 'not-due',
    [`${src}/data/a`]: 'not-due',
    [`${src}/data/b c`]: 'not-due',
    [`${src}/data/vol`]: 'not-due',
    [`${dst}/data`]: 'not-due',
  })
  expect(await poolHistory(lab, src)).toBe(history)
})

test('where nothing was written there is no snapshot', async () => {
  await configure(
    '{type: cron, prefix: busy_, cron: "@every 1s", timestamp_format: iso-8601, timestamp_location: Europe/Berlin, min_written: 1 B}',
  )
  const first = await run('snap')
  expect(Object.values(states(first))).toEqual(Array(5).fill('taken'))
  expect(first.report.snapshot?.name).toMatch(/^busy_.*T.*\.\d{3}_0[12]00$/)
  await lab.ok(`echo new >/mnt/${src}/data/a/file; zpool sync ${src}; sleep 1\n`)
  const second = await run('snap')
  expect(states(second)).toEqual({
    [`${src}/data`]: 'unwritten',
    [`${src}/data/a`]: 'taken',
    [`${src}/data/b c`]: 'unwritten',
    [`${src}/data/vol`]: 'unwritten',
    [`${dst}/data`]: 'unwritten',
  })
})

test('hooks run around each filesystem, around the round and around phases, and see each other’s work', async () => {
  const freeze = await hook(
    'freeze',
    `[ "$ZREPL_HOOKTYPE" = pre_snapshot ] && touch "/mnt/$ZREPL_FS/frozen" || rm "/mnt/$ZREPL_FS/frozen"`,
  )
  const note = await hook('note')
  await configure(
    `{type: cron, prefix: hook_, cron: "@every 1s", hooks: [
      {type: command, path: ${freeze}, filesystems: {"${src}/data/a": true, "${dst}/data": true}},
      {type: command, path: ${note}, args: [the, "round's"], per: round}]}`,
    `    hooks: [{type: command, path: ${note}, args: [phase], around: snapshot}, {type: command, path: ${note}}]\n`,
  )
  await lab.ok(`rm ${LOG}\n`)
  const plan = await run('plan')
  expect({exitCode: plan.exitCode, states: new Set(plan.report.hooks?.map(({state}) => state))}).toEqual({
    exitCode: 0,
    states: new Set(['planned']),
  })
  expect(await lab.ok(`cat ${LOG} 2>/dev/null || echo none\n`)).toBe('none\n')

  const {exitCode, stderr, report} = await run('run')
  expect({exitCode, stderr}).toEqual({exitCode: 0, stderr: ''})
  expect(await logged()).toEqual([
    'note  pre_job',
    'note phase pre_snapshot_phase',
    `freeze  pre_snapshot ${dst}/data`,
    `freeze  pre_snapshot ${src}/data/a`,
    "note the round's pre_round",
    "note the round's post_round",
    `freeze  post_snapshot ${src}/data/a`,
    `freeze  post_snapshot ${dst}/data`,
    'note phase post_snapshot_phase',
    'note  post_job',
  ])
  const name = report.snapshot?.name
  const seen = await lab.ok(
    `cd /mnt/${src}/data/a; ls .zfs/snapshot/${name}/frozen; ls frozen 2>&1 || true; ls /mnt/${dst}/data/.zfs/snapshot/${name}/frozen\n`,
  )
  expect(seen).toMatch(/^\.zfs\/snapshot\/[^\n]*\/frozen\n[^\n]*No such file[^\n]*\n\/mnt[^\n]*frozen\n$/)
})

test('a fatal failure spares its filesystem the snapshot, and nobody else', async () => {
  const lock = await hook('lock')
  const check = await hook('check', `case "$ZREPL_FS" in *vol) echo "no, not the volume" >&2; exit 3;; esac`)
  await configure(
    `{type: cron, prefix: fatal_, cron: "@every 1s", hooks: [
      {type: command, path: ${lock}, filesystems: {"${src}/data/vol": true}},
      {type: command, path: ${check}, filesystems: {"${src}/data/vol": true, "${src}/data/a": true}, err_is_fatal: true}]}`,
  )
  const failed = await run('snap')
  expect(failed.exitCode).toBe(1)
  expect(failed.stderr).toContain("'/etc/zrepl/check' ended with exit status 3: no, not the volume")
  expect(states(failed)).toMatchObject({[`${src}/data/vol`]: 'failed', [`${src}/data/a`]: 'taken'})
  expect(edges(failed.report.hooks)).toEqual([
    `before ok ${src}/data/vol`,
    `before ok ${src}/data/a`,
    `before failed ${src}/data/vol`,
    `after ok ${src}/data/a`,
    `after ok ${src}/data/vol`,
  ])
})

test('stopped in the middle, what was begun is ended and no snapshot is taken', async () => {
  const lock = await hook('lock')
  const slow = await hook(
    'slow',
    '[ "$ZREPL_HOOKTYPE" = pre_round ] && { echo ready >/tmp/ready; sleep 600; }',
  )
  await configure(
    `{type: cron, prefix: stop_, cron: "@every 1s", hooks: [
      {type: command, path: ${lock}, per: round}, {type: command, path: ${slow}, per: round, timeout: 20m}]}`,
  )
  const history = await poolHistory(lab, src)
  const ended = await lab.ok(`
rm -f /tmp/ready; mkfifo /tmp/ready
zrepl snap snaps --config ${CONFIG} --json >/tmp/out 2>/tmp/err & pid=$!
cat /tmp/ready >/dev/null
kill -TERM $pid
wait $pid; echo "exit $?"
pgrep -f 'sleep 600' || echo gone
`)
  expect(ended).toBe('exit 6\ngone\n')
  expect(await logged()).toEqual(['lock  pre_round', 'slow  pre_round', 'lock  post_round'])
  expect(await poolHistory(lab, src)).toBe(history)
})

test('one of all, due or not: with a name of one’s own, or with ours, and then another where it is taken meanwhile', async () => {
  const thief = await hook(
    'thief',
    `[ "$ZREPL_HOOKTYPE $ZREPL_SNAPNAME" != "pre_round before-upgrade" ] && [ "$ZREPL_HOOKTYPE" = pre_round ] && zfs snapshot "${src}/data/a@$ZREPL_SNAPNAME" || true`,
  )
  await configure(
    `{type: periodic, prefix: mine_, interval: 1h, timestamp_format: unix-seconds, hooks: [{type: command, path: ${thief}, per: round}]}`,
  )
  expect(Object.values(states(await run('snap --name before-upgrade')))).toEqual(Array(5).fill('taken'))
  expect((await snapshots(lab, `${src}/data/vol`)).at(-1)).toMatch(/^before-upgrade /)
  const {exitCode, report} = await run('snap --all-now')
  expect(exitCode).toBe(0)
  const name = report.snapshot?.name
  const taken = (report.snapshot?.filesystems ?? []).map(({filesystem, snapshot}) => [filesystem, snapshot])
  expect(Object.fromEntries(taken)).toEqual({
    [`${src}/data`]: `${name}_1`,
    [`${src}/data/a`]: `${name}_1`,
    [`${src}/data/b c`]: `${name}_1`,
    [`${src}/data/vol`]: `${name}_1`,
    [`${dst}/data`]: name,
  })
})
