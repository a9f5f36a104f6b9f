import {strict as assert} from 'node:assert'
import type {Case} from './case.ts'
import {received} from './jobs.ts'
import {replicate} from './replicate.ts'
import {names, type World} from './world.ts'

const arrived = async (world: World, path: string) =>
  names((await world.versions(received(path))).filter(({kind}) => kind === 'snapshot'))

async function createHistory({sh}: World): Promise<void> {
  await sh(
    'zfs create -p $ROOT/dst; zfs create -p $ROOT/src; for s in 2 3; do zfs snapshot $ROOT/src@$s; done',
  )
}

export const INITIAL: readonly Case[] = [
  {
    name: 'ReplicationInitialAll',
    async run(world) {
      await createHistory(world)
      const reports = await replicate(world, {conflicts: '{initial_replication: all}'})
      assert.equal(reports.get('src')?.state, 'done')
      assert.deepEqual(await arrived(world, 'src'), ['@2', '@3'])
    },
  },
  {
    name: 'ReplicationInitialFail',
    async run(world) {
      await createHistory(world)
      const reports = await replicate(world, {conflicts: '{initial_replication: fail}'})
      assert.equal(reports.get('src')?.state, 'conflict')
      assert.match(reports.get('src')?.because ?? '', /initial_replication/)
      assert.deepEqual(await arrived(world, 'src'), [])
    },
  },
  {
    name: 'ReplicationInitialMostRecent',
    async run(world) {
      await createHistory(world)
      await replicate(world, {conflicts: '{initial_replication: most_recent}'})
      assert.deepEqual(await arrived(world, 'src'), ['@3'])
    },
  },
  {
    name: 'ReplicationIncrementalIsPossibleIfCommonSnapshotIsDestroyed',
    async run(world) {
      await createHistory(world)
      await replicate(world)
      await world.sh('zfs destroy $ROOT/src@3; zfs snapshot $ROOT/src@4')
      const reports = await replicate(world)
      assert.deepEqual(
        reports.get('src')?.steps.map(({from, to}) => [from?.slice(0, 13), to]),
        [['#zrepl_CURSOR', '@4']],
      )
      assert.deepEqual(await arrived(world, 'src'), ['@3', '@4'])
      assert.equal((await world.snapshot(received('src'), '4')).guid, (await world.snapshot('src', '4')).guid)
    },
  },
  {
    name: 'ReplicationReceiverErrorWhileStillSending',
    async run(world) {
      await world.sh(`zfs create -p $ROOT/dst; zfs create -p -o mountpoint=$DIR/src $ROOT/src; zfs create -p -o quota=1M $ROOT/dst/me
dd if=/dev/urandom of=$DIR/src/file bs=1M count=12 status=none; zfs snapshot $ROOT/src@1`)
      const reports = await replicate(world)
      assert.equal(reports.get('src')?.state, 'failed')
      assert.equal(reports.get('src')?.error?.code, 'receive-failed')
      assert.match(reports.get('src')?.error?.message ?? '', /space|quota/)
    },
  },
  {
    name: 'ReplicationFailingInitialParentProhibitsChildReplication',
    async run(world) {
      const parent = received('src/parent')
      await world.sh(`zfs create -p $ROOT/dst; zfs create -p $ROOT/src
for f in aaa parent parent/child zzz; do zfs create -p $ROOT/src/$f; zfs snapshot $ROOT/src/$f@1; done
zfs create -p '${world.fs(parent)}'`)
      const reports = await replicate(world, {
        filesystems: `{"${world.root}/src<": true, "${world.root}/src": false}`,
      })
      assert.equal(reports.get('src/parent')?.state, 'conflict')
      assert.equal(reports.get('src/parent/child')?.error?.code, 'parent-failed')
      assert.deepEqual(await arrived(world, 'src/parent/child'), [])
      assert.deepEqual(await arrived(world, 'src/parent'), [])
      for (const other of ['src/aaa', 'src/zzz']) {
        assert.equal(reports.get(other)?.state, 'done')
        assert.deepEqual(await arrived(world, other), ['@1'])
      }
    },
  },
  {
    name: 'ReplicationPropertyReplicationWorks',
    async run(world) {
      const {sh, fs} = world
      await sh(`zfs create -p $ROOT/dst; zfs create -p $ROOT/src
zfs set compression=gzip-3 user:prop=fromsender atime=off $ROOT/src; zfs snapshot $ROOT/src@1`)
      await replicate(world, {
        send: '{send_properties: true}',
        recv: '{placeholder: {encryption: inherit}, properties: {inherit: ["user:prop"], override: {"zrepl:test": "overridden"}}}',
      })
      const copy = fs(received('src'))
      const value = (name: string) => sh(`zfs get -H -o value,source ${name} '${copy}'`)
      assert.equal(await value('compression'), 'gzip-3\treceived')
      assert.equal(await value('atime'), 'off\treceived')
      assert.match(await value('user:prop'), /^-\t/)
      assert.equal(await value('zrepl:test'), 'overridden\tlocal')
    },
  },
]
