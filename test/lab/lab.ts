import {mkdtempSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {inject} from 'vitest'
import {createSsh, type Result} from './ssh.ts'

/** The running lab as scenarios see it. One boot serves a whole suite; every scenario makes its own pools. */
export type Lab = {
  /** Runs a /bin/sh script as root in the guest. */
  sh(script: string): Promise<Result>
  /** The same; throws with everything that was said unless the script exits 0. Returns stdout. */
  ok(script: string): Promise<string>
  writeFile(path: string, text: string): Promise<void>
  /** Copies an executable of ours into the guest. */
  upload(from: string, to: string): Promise<void>
  /** Two fresh pools on sparse files in memory. */
  pools(): Promise<{readonly src: string; readonly dst: string; destroy(): Promise<void>}>
  /**
   * Lets the guest's root log in to itself as the client `identity`, who gets `zrepl stdinserver` and nothing else.
   * Returns the `connect` section for it.
   */
  authorize(identity: string, config: string): Promise<string>
  close(): Promise<void>
}

let counter = 0

/** Joins the guest that the suite's global setup has booted. */
export async function openLab(): Promise<Lab> {
  const ssh = createSsh({
    port: inject('labPort'),
    keyFile: inject('labKey'),
    dir: mkdtempSync(join(tmpdir(), 'zrepl-lab-test-')),
  })
  await ssh.connect()

  async function ok(script: string): Promise<string> {
    const {stdout, stderr, exitCode} = await ssh.sh(script)
    if (exitCode !== 0)
      throw new Error(`exit ${exitCode}\n--- script\n${script}\n--- stdout\n${stdout}\n--- stderr\n${stderr}`)
    return stdout
  }

  async function writeFile(path: string, text: string): Promise<void> {
    await ok(
      `mkdir -p "$(dirname '${path}')"\ncat >'${path}' <<'__END_OF_FILE__'\n${text}\n__END_OF_FILE__\nchmod 600 '${path}'\n`,
    )
  }

  return {
    sh: ssh.sh,
    ok,
    writeFile,
    upload: ssh.upload,
    async pools() {
      counter += 1
      const id = `${process.pid}x${counter}`
      const [src, dst] = [`src${id}`, `dst${id}`]
      await ok(createPool(src) + createPool(dst))
      return {
        src,
        dst,
        destroy: async () =>
          void (await ok(
            `zpool destroy -f ${src}; zpool destroy -f ${dst}; rm -f /pool/${src} /pool/${dst}\n`,
          )),
      }
    },
    async authorize(identity, config) {
      await ok(authorizeScript(identity, config))
      return [
        '    connect:',
        '      type: ssh+stdinserver',
        '      host: 127.0.0.1',
        '      user: root',
        '      port: 22',
        `      identity_file: /root/.ssh/id_${identity}`,
      ].join('\n')
    },
    close: () => ssh.close(),
  }
}

function createPool(name: string): string {
  return `truncate -s 512M /pool/${name} && zpool create -O mountpoint=/mnt/${name} ${name} /pool/${name} || exit 1\n`
}

function authorizeScript(identity: string, config: string): string {
  return `set -e
key=/root/.ssh/id_${identity}
[ -f $key ] || ssh-keygen -q -t ed25519 -N '' -C ${identity} -f $key
grep -q ' ${identity}$' /root/.ssh/authorized_keys ||
  echo "command=\\"/usr/local/bin/zrepl stdinserver ${identity} --config ${config}\\",restrict $(cat $key.pub)" >>/root/.ssh/authorized_keys
[ -f /root/.ssh/known_hosts ] || ssh-keyscan -t ed25519 127.0.0.1 >/root/.ssh/known_hosts 2>/dev/null
`
}
