import {afterAll, beforeAll, expect, test} from 'vitest'
import {type Lab, openLab} from './lab.ts'
import {holds, snapshots} from './scenario.ts'

let lab: Lab
let src: string
let dst: string
let destroy: () => Promise<void>

const CONFIG = '/etc/zrepl/units.yml'

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  const connect = await lab.authorize('units', CONFIG)
  await lab.ok(`set -e
zfs create ${src}/data
zfs create -V 8M ${src}/data/vol
head -c 500000 /dev/urandom >/mnt/${src}/data/file
zfs create ${dst}/near
zfs create ${dst}/far
`)
  await lab.writeFile(
    CONFIG,
    `jobs:
${sink('near', '{type: local, listener_name: near}')}
${sink('far', '{type: stdinserver, client_identities: [units]}')}
${push('to-near', '    connect: {type: local, listener_name: near, client_identity: units}')}
${push('to-far', connect)}
`,
  )
})

afterAll(async () => {
  await destroy?.()
  await lab?.close()
})

function sink(name: string, serve: string): string {
  return `  - {name: ${name}, type: sink, root_fs: ${dst}/${name}, recv: {placeholder: {encryption: inherit}}, serve: ${serve}}`
}

function push(name: string, connect: string): string {
  return `  - name: ${name}
    type: push
${connect}
    filesystems: {"${src}/data<": true}
    snapshotting: {type: periodic, prefix: ${name}_, interval: 1s}
    pruning:
      keep_sender: [{type: regex, negate: true, regex: ^${name}_}, {type: last_n, count: 1}]
      keep_receiver: [{type: last_n, count: 1}]`
}

/** The filter of system calls is in force where a systemd runs the unit: test/script/units.test.ts. */
test.each([
  ['to-near', 'near'],
  ['to-far', 'far'],
])('%s takes snapshots, replicates and prunes with the capabilities of its unit', async (job, sink) => {
  await lab.ok(`cd /
zrepl timers ${job} --config ${CONFIG} | sed -n 's/^CapabilityBoundingSet=//p' | tr 'A-Z ' 'a-z,' | sed 's/cap_/+/g' >/run/${job}.caps
[ "$(cat /run/${job}.caps)" = +sys_admin,+dac_override,+dac_read_search ]
cat >/usr/local/bin/confined <<'__END__'
#!/bin/sh
caps=$1
shift
exec setpriv --no-new-privs --bounding-set "-all,$caps" "$@"
__END__
chmod 755 /usr/local/bin/confined
`)
  for (const _ of ['in full', 'by increment']) {
    const {stdout, stderr, exitCode} = await lab.sh(
      `cd / && sleep 1; confined "$(cat /run/${job}.caps)" zrepl run ${job} --json --config ${CONFIG}\n`,
    )
    expect({exitCode, stderr}).toEqual({exitCode: 0, stderr: ''})
    const {replicate} = JSON.parse(stdout)
    expect(replicate.filesystems.map(({state}: {state: string}) => state)).toEqual(['done', 'done'])
  }
  for (const dataset of ['data', 'data/vol']) {
    const there = await snapshots(lab, `${dst}/${sink}/units/${src}/${dataset}`)
    expect(there).toEqual([
      (await snapshots(lab, `${src}/${dataset}`)).findLast((line) => line.startsWith(job)),
    ])
    expect(await holds(lab, `${dst}/${sink}/units/${src}/${dataset}`)).toEqual([
      `${there[0]?.split(' ')[0]} zrepl_last_received_J_${sink}`,
    ])
  }
})
