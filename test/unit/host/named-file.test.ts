import {
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {prepareNamedFile, resolveNamedFile} from '../../../src/lib/host/named-file.ts'
import {writeFileAtomically} from '../../../src/lib/host/write-file-atomically.ts'
import {failureOf, temporaryDirectory} from './helpers.ts'

let directory: ReturnType<typeof temporaryDirectory>
let at: string
beforeEach(() => {
  directory = temporaryDirectory()
  at = realpathSync(directory.path)
})
afterEach(() => directory[Symbol.dispose]())

const isRoot = process.getuid?.() === 0

describe('what is written where somebody names', () => {
  test.each<[string, () => string, string]>([
    ['a file', () => having(writeFileSync(`${at}/file`, 'old'), `${at}/file`), 'file'],
    ['what is not there yet', () => `${at}/new`, 'new'],
    ['a link to a file', () => having(linked('file', 'link', writeFileSync), `${at}/link`), 'real/file'],
    ['a link to what is not there yet', () => having(linked('new', 'link'), `${at}/link`), 'real/new'],
    [
      'a link to a link, by a directory that is a link',
      () => {
        linked('file', 'link', writeFileSync)
        symlinkSync('real', `${at}/way`)
        symlinkSync('../way/../link', `${at}/real/back`)
        return `${at}/way/back`
      },
      'real/file',
    ],
  ])('%s', (_, prepare, expected) => {
    const path = prepare()
    const wasLink = lstatSync(path, {throwIfNoEntry: false})?.isSymbolicLink() ?? false
    const file = prepareNamedFile(path)
    expect(file).toBe(`${at}/${expected}`)
    writeFileAtomically(file, 'new')
    expect(readFileSync(path, 'utf8')).toBe('new')
    expect(lstatSync(path).isSymbolicLink()).toBe(wasLink)
    expect(readdirSync(at).filter((name) => name.startsWith('.'))).toEqual([])
  })

  test('a name without a directory is one of the working directory', () => {
    expect(resolveNamedFile('a-file-that-is-not-there')).toBe(`${process.cwd()}/a-file-that-is-not-there`)
  })
})

describe('what is refused', () => {
  test.each<[string, () => string, string]>([
    ['nothing', () => '', 'the name is empty'],
    ['a directory', () => at, 'it is a directory, and no file'],
    [
      'a FIFO',
      () => having(Bun.spawnSync(['mkfifo', `${at}/fifo`]), `${at}/fifo`),
      'it is a FIFO, and no file',
    ],
    [
      'a link to a FIFO',
      () =>
        having([Bun.spawnSync(['mkfifo', `${at}/fifo`]), symlinkSync('fifo', `${at}/link`)], `${at}/link`),
      'it is a FIFO, and no file',
    ],
    ['a directory that is missing', () => `${at}/none/file`, `the directory 'AT/none' does not exist`],
    ['a file below a file', () => having(writeFileSync(`${at}/f`, ''), `${at}/f/x`), 'ENOTDIR'],
    ['links in a circle', () => having(symlinkSync('loop', `${at}/loop`), `${at}/loop`), 'ELOOP'],
    [
      'a place where nothing can be made',
      () => '/proc/file',
      `no file can be made in '/proc': ${isRoot ? 'ENOENT' : 'EACCES'}`,
    ],
    [
      'what a process has open',
      () => `/proc/${process.pid}/fd/${fdOf(`${at}/open`)}`,
      'it is what a process has open',
    ],
  ])('%s', async (_, prepare, why) => {
    const path = prepare()
    const before = readdirSync(at)
    const error = await failureOf(() => prepareNamedFile(path))
    expect(error).toMatchObject({code: 'usage', hint: expect.stringContaining('name a file')})
    expect((error as Error).message).toBe(`cannot write '${path}': ${why.replace('AT', at)}`)
    expect(readdirSync(at)).toEqual(before)
  })

  test.skipIf(!isRoot)('a device', async () => {
    Bun.spawnSync(['mknod', `${at}/device`, 'c', '1', '3'])
    const error = await failureOf(() => prepareNamedFile(`${at}/device`))
    expect(error).toMatchObject({message: `cannot write '${at}/device': it is a device, and no file`})
    expect(lstatSync(`${at}/device`).isCharacterDevice()).toBe(true)
  })

  test.skipIf(!isRoot)("somebody else's link", async () => {
    linked('file', 'link', writeFileSync)
    lchownSync(`${at}/link`, 4711, 4711)
    const error = await failureOf(() => prepareNamedFile(`${at}/link`))
    expect(error).toMatchObject({
      message: `cannot write '${at}/link': '${at}/link' is a symbolic link of user 4711`,
    })
    expect(readlinkSync(`${at}/link`)).toBe('real/file')
  })
})

/** A link to a name in a directory beside it. */
function linked(name: string, link: string, make: (path: string, text: string) => void = () => {}): void {
  mkdirSync(`${at}/real`)
  make(`${at}/real/${name}`, 'old')
  symlinkSync(`real/${name}`, `${at}/${link}`)
}

function having(_: unknown, path: string): string {
  return path
}

/** A descriptor that stays open until the process ends. */
function fdOf(path: string): number {
  return openSync(path, 'w')
}
