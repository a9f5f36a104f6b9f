import {below, oneOf as chosen, type Random} from '../../sim/random.ts'
import {
  encodeResumeToken,
  type Forgery,
  type TokenFields,
  wrapToken,
} from '../../unit/zfs/encode-resume-token.ts'

/** A filesystem with the snapshots @1 and @2. */
export type Target = {readonly name: string; readonly guids: readonly [string, string]}

/** What a forger knows: what is asked for, and what it would like to have instead. */
export type Prey = {readonly asked: Target; readonly secret: Target; readonly raw: boolean}

/** Tokens that are wrong in one thing each. The receiver is asked for @1, in full. */
export function craftedTokens({asked, secret, raw}: Prey): readonly string[] {
  const honest: TokenFields = {toname: `${asked.name}@1`, toguid: BigInt(asked.guids[0]), raw}
  const token = (fields: TokenFields, forgery?: Forgery) => encodeResumeToken({...honest, ...fields}, forgery)
  const text = token({})
  return [
    token({toname: `${secret.name}@1`, toguid: BigInt(secret.guids[0])}),
    token({toname: `${secret.name}@1`}),
    token({toguid: BigInt(secret.guids[0])}),
    token({toguid: 1n}),
    token({fromguid: BigInt(secret.guids[0])}),
    token({fromguid: BigInt(asked.guids[0]), toname: `${asked.name}@2`, toguid: BigInt(asked.guids[1])}),
    token({raw: !raw}),
    token({saved: true}),
    token({redactSnaps: [BigInt(asked.guids[0])]}),
    token({bookRedactSnaps: []}),
    token({toname: `${asked.name}/child@1`}),
    token({toname: `${asked.name}%recv@1`}),
    token({toname: asked.name}),
    token({toname: `-R ${asked.name}@1`}),
    token({toname: `${asked.name}@1\n${secret.name}@1`}),
    token({toname: undefined}),
    token({toguid: undefined}),
    token({toguid: 0n}),
    token({}, {checksum: '0'}),
    token({}, {length: 'ffffffff'}),
    token({}, {version: '2'}),
    token({}, {bigEndian: true}),
    wrapToken(Buffer.alloc(4 * 1024 * 1024)),
    '1-0-c0-'.padEnd(16_000, '0'),
    text.slice(0, -2),
    `${text} -t ${text}`,
    '-R',
    '$(reboot)',
    '1-a-b-c\n',
    '-',
  ]
}

/** A token that says whatever comes, from what a forger has at hand, and then may be damaged. */
export function randomToken({asked, secret, raw}: Prey, random: Random): string {
  const oneOf = <T>(...all: readonly T[]) => chosen(random, all)
  const sometimes = () => below(random, 6) === 0
  const guids = [...asked.guids, ...secret.guids, '1', '18446744073709551615'].map(BigInt)
  const text = encodeResumeToken({
    toname: oneOf(`${asked.name}@1`, `${asked.name}@2`, `${secret.name}@1`, `${secret.name}@2`, 'tank@1'),
    toguid: oneOf(...guids),
    fromguid: below(random, 2) === 0 ? undefined : oneOf(...guids),
    object: BigInt(below(random, 10)),
    offset: BigInt(below(random, 1_000_000)),
    bytes: BigInt(below(random, 3)),
    raw: sometimes() ? !raw : raw,
    saved: sometimes(),
    compressed: sometimes(),
    largeBlocks: sometimes(),
    embedded: sometimes(),
    ...(sometimes() ? {redactSnaps: [oneOf(...guids)]} : {}),
  })
  const at = below(random, text.length)
  return sometimes() ? `${text.slice(0, at)}${oneOf('0', 'f', '-', ' ', '')}${text.slice(at + 1)}` : text
}
