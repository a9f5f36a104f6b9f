import {existsSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {ensureImage, wantedVersion} from './image.ts'
import {bootVm, type Vm} from './vm.ts'

const USAGE = `usage: npm run lab -- COMMAND
  build      make the image for OpenZFS ${wantedVersion()} (LAB_OPENZFS=2.1 for the other one)
  shell      boot it and open a root shell in it
  run FILE   boot it and run a /bin/sh script in it; the exit status is the script's`

const executable = join(import.meta.dirname, '..', '..', 'dist', 'zrepl')
process.exitCode = await main(process.argv.slice(2))

async function main([command, file]: string[]): Promise<number> {
  switch (command) {
    case 'build':
      await ensureImage(wantedVersion())
      return 0
    case 'shell':
      return await inVm((vm) => vm.ssh.interactive(['/bin/bash', '-l'], true))
    case 'run':
      if (file === undefined || !existsSync(file)) return usage(`no such file: ${file}`)
      return await inVm(async (vm) => {
        const {stdout, stderr, exitCode} = await vm.ssh.sh(readFileSync(file, 'utf8'))
        process.stdout.write(stdout)
        process.stderr.write(stderr)
        return exitCode
      })
    case '--help':
      console.log(USAGE)
      return 0
    default:
      return usage(command === undefined ? 'which command?' : `no such command: ${command}`)
  }
}

async function inVm(use: (vm: Vm) => Promise<number>): Promise<number> {
  const image = await ensureImage(wantedVersion())
  console.error(`lab: booting OpenZFS ${image.installed}`)
  const vm = await bootVm(image)
  try {
    if (existsSync(executable)) await vm.ssh.upload(executable, '/usr/local/bin/zrepl')
    else console.error('lab: dist/zrepl is not built, so it is not in the guest (npm run build)')
    return await use(vm)
  } finally {
    await vm.shutdown()
  }
}

function usage(problem: string): number {
  console.error(`${problem}\n${USAGE}`)
  return 2
}
