import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {createTrustedFiles} from '../../../src/lib/host/trusted-files.ts'
import {writeFileAtomically} from '../../../src/lib/host/write-file-atomically.ts'
import {codeOf, temporaryDirectory} from './helpers.ts'

let directory: ReturnType<typeof temporaryDirectory>
let at: string
beforeEach(() => {
  directory = temporaryDirectory()
  at = directory.path
})
afterEach(() => directory[Symbol.dispose]())

const files = createTrustedFiles()
const isRoot = process.getuid?.() === 0

describe('reading what decides', () => {
  test('a file of ours', () => {
    writeFileSync(`${at}/zrepl.yml`, 'jobs: [] # ä\n', {mode: 0o640})
    expect(files.read(`${at}/zrepl.yml`)).toEqual({text: 'jobs: [] # ä\n'})
  })

  test('through symbolic links, relative and absolute, that lie in trusted places', () => {
    mkdirSync(`${at}/real`, {mode: 0o755})
    writeFileSync(`${at}/real/zrepl.yml`, 'text', {mode: 0o644})
    symlinkSync('real/../real', `${at}/relative`)
    symlinkSync(`${at}/relative/zrepl.yml`, `${at}/absolute`)
    expect(files.read(`${at}/absolute`)).toEqual({text: 'text'})
  })

  test('names of a directory, sorted', () => {
    for (const name of ['b.yml', 'a.yml', '10.yml']) writeFileSync(`${at}/${name}`, '')
    expect(files.list(at)).toEqual({names: ['10.yml', 'a.yml', 'b.yml']})
  })

  test.each<[string, () => string, string]>([
    ['a file that is missing', () => `${at}/none`, 'it does not exist'],
    ['a directory', () => at, 'it is not a regular file'],
    ['a relative path', () => 'zrepl.yml', 'it is not an absolute path'],
    ['a file others can write', () => written(0o664), `'AT/zrepl.yml' can be written by others (chmod go-w)`],
    ['a file all can write', () => written(0o646), `'AT/zrepl.yml' can be written by others (chmod go-w)`],
    [
      'a file in a directory others can write',
      () => having(chmodSync(at, 0o770), written(0o600)),
      `'AT' can be written by others (chmod go-w)`,
    ],
    [
      'a FIFO, without waiting for a writer',
      () => having(Bun.spawnSync(['mkfifo', '-m', '600', `${at}/fifo`]), `${at}/fifo`),
      'it is not a regular file',
    ],
    ['text that is not UTF-8', () => written(0o600, new Uint8Array([0xff, 0xfe])), 'it is not UTF-8 text'],
    ['far too much', () => written(0o600, new Uint8Array(1024 * 1024 + 1)), 'it has more than 1048576 bytes'],
    [
      'a circle of links',
      () => having(symlinkSync('loop', `${at}/loop`), `${at}/loop`),
      'too many symbolic links',
    ],
    [
      'a link to a file others can write',
      () => having([written(0o666), symlinkSync('zrepl.yml', `${at}/link`)], `${at}/link`),
      `'AT/zrepl.yml' can be written by others (chmod go-w)`,
    ],
  ])('not %s', (_, prepare, problem) => {
    expect(files.read(prepare())).toEqual({problem: problem.replace('AT', at)})
  })

  test.skipIf(!isRoot)('not what belongs to somebody else, on the way or at its end', () => {
    const path = written(0o600)
    chownSync(path, 4711, 4711)
    expect(files.read(path)).toEqual({problem: `'${path}' belongs to user 4711`})
    mkdirSync(`${at}/theirs`)
    symlinkSync('/etc/hostname', `${at}/theirs/link`)
    chownSync(`${at}/theirs`, 4711, 4711)
    symlinkSync(`${at}/theirs/link`, `${at}/ours`)
    expect(files.read(`${at}/ours`)).toEqual({problem: `'${at}/theirs' belongs to user 4711`})
    expect(files.list(`${at}/theirs`)).toEqual({problem: `'${at}/theirs' belongs to user 4711`})
  })

  /** The path, once what comes before it has been done. */
  function having(_: unknown, path: string): string {
    return path
  }

  function written(mode: number, text: string | Uint8Array = 'text'): string {
    writeFileSync(`${at}/zrepl.yml`, text)
    chmodSync(`${at}/zrepl.yml`, mode)
    return `${at}/zrepl.yml`
  }
})

describe('writing as a whole', () => {
  test('replaces a file, for us alone unless asked otherwise', () => {
    const before = process.umask(0)
    writeFileSync(`${at}/report.json`, 'old and longer', {mode: 0o666})
    writeFileAtomically(`${at}/report.json`, 'new')
    writeFileAtomically(`${at}/zrepl.prom`, 'metrics', 0o644)
    process.umask(before)
    expect(readFileSync(`${at}/report.json`, 'utf8')).toBe('new')
    expect(statSync(`${at}/report.json`).mode & 0o777).toBe(0o600)
    expect(statSync(`${at}/zrepl.prom`).mode & 0o777).toBe(0o644)
    expect(readdirSync(at).sort()).toEqual(['report.json', 'zrepl.prom'])
  })

  test('replaces a symbolic link instead of following it', () => {
    writeFileSync(`${at}/precious`, 'precious')
    symlinkSync(`${at}/precious`, `${at}/report.json`)
    writeFileAtomically(`${at}/report.json`, 'new')
    expect(readFileSync(`${at}/precious`, 'utf8')).toBe('precious')
  })

  test('leaves nothing behind when it cannot', async () => {
    mkdirSync(`${at}/report.json`)
    expect(await codeOf(() => writeFileAtomically(`${at}/report.json`, 'new'))).toBe('host')
    expect(await codeOf(() => writeFileAtomically(`${at}/none/report.json`, 'new'))).toBe('host')
    expect(readdirSync(at)).toEqual(['report.json'])
  })
})
