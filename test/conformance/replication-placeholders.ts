import {strict as assert} from 'node:assert'
import type {Case} from './case.ts'
import {received} from './jobs.ts'
import {replicate} from './replicate.ts'
import type {World} from './world.ts'

async function createChild({sh, root}: World): Promise<string> {
  await sh(
    'zfs create -p $ROOT/dst; zfs create -p $ROOT/src; zfs create -p $ROOT/src/child; zfs snapshot $ROOT/src/child@1',
  )
  return `{"${root}/src/child": true}`
}

export const PLACEHOLDERS: readonly Case[] = [
  {
    name: 'ReplicationPlaceholderEncryption__UnspecifiedLeadsToFailureAtRuntimeWhenCreatingPlaceholders',
    async run(world) {
      const filesystems = await createChild(world)
      const reports = await replicate(world, {filesystems, recv: '{}'})
      assert.equal(reports.get('src/child')?.error?.code, 'placeholder')
      assert.match(
        reports.get('src/child')?.error?.message ?? '',
        /recv\.placeholder\.encryption is unspecified/,
      )
      const {missingRoots} = await world.zfs.list(world.ctx, {
        roots: [world.fs(received('src'))],
        recursive: false,
      })
      assert.equal(missingRoots.length, 1)
    },
  },
  {
    name: 'ReplicationPlaceholderEncryption__UnspecifiedIsOkForClientIdentityPlaceholder',
    async run(world) {
      const {sh} = world
      await sh('zfs create -p $ROOT/dst; zfs create -p $ROOT/src; zfs snapshot $ROOT/src@1')
      const reports = await replicate(world, {recv: '{}'})
      assert.equal(reports.get('src')?.state, 'done')
      assert.equal((await world.dataset('dst/me')).placeholder, true)
    },
  },
  {
    name: 'ReplicationPlaceholderEncryption__EncryptOnReceiverUseCase__WorksIfConfiguredWithInherit',
    async run(world) {
      const {sh} = world
      await sh(`zfs create -p $SECRET $ROOT/dst
zfs create -p $ROOT/src; zfs create -p $ROOT/src/child; zfs snapshot $ROOT/src/child@1`)
      const recv = '{placeholder: {encryption: inherit}}'
      const reports = await replicate(world, {filesystems: `{"${world.root}/src/child": true}`, recv})
      assert.equal(reports.get('src/child')?.state, 'done', JSON.stringify(reports.get('src/child')))
      const placeholder = await world.dataset(received('src'))
      assert.deepEqual([placeholder.placeholder, placeholder.encrypted], [true, true])
      assert.equal((await world.dataset(received('src/child'))).encrypted, true)
    },
  },
  {
    name: 'ReplicationOfPlaceholderFilesystemsInChainedReplicationScenario',
    async run(world) {
      const {sh, root} = world
      await sh(`zfs create -p $ROOT/dst; zfs create -p $ROOT/src/gap/leaf; zfs create -p $ROOT/far
zfs snapshot $ROOT/src@1; zfs snapshot $ROOT/src/gap/leaf@1`)
      await replicate(world, {filesystems: `{"${root}/src": true, "${root}/src/gap/leaf": true}`})
      const middle = received('src')
      assert.equal((await world.dataset(`${middle}/gap`)).placeholder, true)
      const chained = {filesystems: `{"${root}/${middle}<": true}`, rootFs: `${root}/far`}
      const reports = await replicate(world, chained)
      assert.deepEqual(
        ['', '/gap', '/gap/leaf'].map((path) => reports.get(`${middle}${path}`)?.state),
        ['done', 'skipped', 'done'],
      )
      const far = `far/me/${middle}`
      assert.equal((await world.dataset(`${far}/gap`)).placeholder, true)
      for (const path of ['', '/gap/leaf'])
        assert.equal(
          (await world.snapshot(`${far}${path}`, '1')).guid,
          (await world.snapshot(`src${path}`, '1')).guid,
        )
      assert.equal((await replicate(world, chained)).get(`${middle}/gap/leaf`)?.state, 'up-to-date')
    },
  },
]
