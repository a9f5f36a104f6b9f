import {mkdtempSync, openSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {Image} from './image.ts'
import {createSsh, type Ssh} from './ssh.ts'

/** A running virtual machine with ZFS. Every boot starts from the same disk; nothing written survives. */
export type Vm = {
  readonly ssh: Ssh
  readonly image: Image
  readonly serialLog: string
  shutdown(): Promise<void>
}

const BOOT_DEADLINE_MS = 180_000

/** Boots `image` and waits until it answers ssh. */
export async function bootVm(image: Image): Promise<Vm> {
  const dir = mkdtempSync(join(tmpdir(), 'zrepl-lab-'))
  const serialLog = join(dir, 'serial.log')
  writeFileSync(serialLog, '')
  const port = freePort()
  const qemu = Bun.spawn(['setpriv', '--pdeathsig', 'KILL', '--', ...qemuArgv(image, port, serialLog)], {
    stdin: 'ignore',
    stdout: openSync(join(dir, 'qemu.log'), 'w'),
    stderr: openSync(join(dir, 'qemu.log'), 'a'),
  })
  const ssh = createSsh({port, keyFile: image.sshKey, dir})
  const shutdown = async () => {
    await ssh.close()
    qemu.kill('SIGKILL')
    await qemu.exited
    rmSync(dir, {recursive: true, force: true})
  }
  try {
    await untilReady(serialLog, qemu)
    await ssh.connect()
  } catch (error) {
    const serial = readFileSync(serialLog, 'utf8').slice(-2000)
    await shutdown()
    throw new Error(`the lab did not boot: ${error}\n${serial}`)
  }
  return {ssh, image, serialLog, shutdown}
}

function qemuArgv(image: Image, port: number, serialLog: string): string[] {
  return [
    'qemu-system-x86_64',
    ...acceleration(),
    ...['-smp', '2', '-m', '3072', '-display', 'none', '-nodefaults', '-no-reboot'],
    ...['-serial', `file:${serialLog}`],
    ...[
      '-kernel',
      image.kernel,
      '-initrd',
      image.initrd,
      '-append',
      'console=ttyS0 quiet panic=-1 no_timer_check mitigations=off no5lvl init_on_alloc=0',
    ],
    ...['-drive', `file=${image.disk},if=virtio,format=raw,snapshot=on`],
    ...['-netdev', `user,id=n,restrict=on,hostfwd=tcp:127.0.0.1:${port}-:22`],
    ...['-device', 'virtio-net-pci,netdev=n'],
    ...['-object', 'rng-random,filename=/dev/urandom,id=rng', '-device', 'virtio-rng-pci,rng=rng'],
  ]
}

/**
 * Software emulation, unless LAB_ACCEL=kvm says that this machine's KVM can boot a stock kernel: a /dev/kvm may be
 * there and not do so.
 */
function acceleration(): string[] {
  return process.env['LAB_ACCEL'] === 'kvm'
    ? ['-accel', 'kvm', '-cpu', 'host']
    : ['-accel', 'tcg,thread=multi', '-cpu', 'max']
}

/** The guest's init writes `lab-ready` to its console when sshd is up. */
async function untilReady(serialLog: string, qemu: Bun.Subprocess): Promise<void> {
  const deadline = Date.now() + BOOT_DEADLINE_MS
  while (!readFileSync(serialLog, 'utf8').includes('lab-ready')) {
    if (qemu.exitCode !== null) throw new Error(`qemu ended with ${qemu.exitCode}`)
    if (Date.now() > deadline) throw new Error('no answer in time')
    await Bun.sleep(200)
  }
}

function freePort(): number {
  const server = Bun.listen({hostname: '127.0.0.1', port: 0, socket: {data() {}}})
  const {port} = server
  server.stop(true)
  return port
}
