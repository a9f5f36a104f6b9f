import {join} from 'node:path'
import {build} from '../../tools/build.ts'
import {ensureImage, wantedVersion} from './image.ts'
import {bootVm} from './vm.ts'

/**
 * The main job on real ZFS, told for somebody who has never seen it: a machine with two pools, sshd with a forced
 * command between them, three runs with changes in between, one of them killed in the middle of a stream.
 */
await build()
const image = await ensureImage(wantedVersion())
console.log(`booting a virtual machine with OpenZFS ${image.installed}; nothing on this machine is touched`)
const vm = await bootVm(image)
try {
  await vm.ssh.upload(join(import.meta.dirname, '..', '..', 'dist', 'zrepl'), '/usr/local/bin/zrepl')
  await vm.ssh.upload(join(import.meta.dirname, 'demo.sh'), '/root/demo.sh')
  process.exitCode = await vm.ssh.interactive(['/bin/sh', '/root/demo.sh'], false)
} finally {
  await vm.shutdown()
}
