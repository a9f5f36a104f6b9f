import {CLIENT, PREFIX, ROOT_FS} from './jobs.ts'
import {DEFAULTS, type WorldOptions} from './options.ts'
import {
  addDataset,
  addPool,
  copyHost,
  createHost,
  findDataset,
  type Host,
  mustFindDataset,
  type Nature,
  writeBlock,
} from './pool.ts'
import {PROFILES} from './profile.ts'
import {createRandom} from './random.ts'
import {runCommand} from './zfs.ts'

/** Two hosts and the job between them. State only: it can be copied at any moment between two runs. */
export type World = {
  readonly options: WorldOptions
  readonly nature: Nature
  readonly sender: Host
  readonly receiver: Host
  /** Guids that have ever been on the receiver, for the truth of cursors (I8). */
  readonly received: Set<string>
  /** By dataset: how many snapshots there ever were to be sent at once, for how much protection there may be (I3). */
  readonly longest: Map<string, number>
  /** What each host has kept of its listings, as text. */
  readonly kept: Map<string, string>
}

const START_MS = Date.UTC(2026, 0, 5, 12, 0, 0)
/** Blocks of a dataset: with records of 312 bytes, streams of one to three kilobytes. */
const BLOCKS = 5

/** What everything of the client lies below: a sink has clients, a pull job has none. */
export function baseOf({direction}: Pick<WorldOptions, 'direction'>): string {
  return direction === 'push' ? `${ROOT_FS}/${CLIENT}` : ROOT_FS
}

/** Where the receiver has what the sender calls `dataset`. */
export function receiverName({options}: World, dataset: string): string {
  return `${baseOf(options)}/${dataset}`
}

/** The datasets the job is about, on the sender. */
export function selectedDatasets({sender}: World): readonly string[] {
  return Array.from(sender.pools.values()).flatMap(({datasets}) =>
    Array.from(datasets.keys()).filter(isSelected),
  )
}

export function isSelected(name: string): boolean {
  return name === 'tank/data' || name.startsWith('tank/data/')
}

/** A world before its first run: data with two snapshots each, neighbours that are nobody's business. */
export function createWorld(overrides: Partial<WorldOptions> = {}): World {
  const options = {...DEFAULTS, ...overrides}
  const random = createRandom(options.seed)
  const nature: Nature = {random, nowMs: START_MS, writes: 0, taken: new Map()}
  const sender = createHost('prod', PROFILES[options.sender], nature, options.runsAs)
  const receiver = createHost('backup', PROFILES[options.receiver], nature, options.runsAs)
  addPool(sender, 'tank')
  addPool(receiver, 'vault')
  for (const name of ['data', 'database', 'other']) addDataset(sender, `tank/${name}`, 'filesystem')
  for (const [name, type] of options.children) addDataset(sender, `tank/data/${name}`, type)
  for (const name of ['backups', 'backups/other', 'unrelated'])
    addDataset(receiver, `vault/${name}`, 'filesystem')

  const world: World = {
    options,
    nature,
    sender,
    receiver,
    received: new Set(),
    longest: new Map(),
    kept: new Map(),
  }
  for (const host of [sender, receiver])
    for (const name of ['tank/database', 'tank/other', 'vault/backups/other', 'vault/unrelated']) {
      if (!name.startsWith(host === sender ? 'tank' : 'vault')) continue
      writeBlock(host, mustFindDataset(host, name), 0)
      user(host, 'snapshot', `${name}@${PREFIX}foreign`)
    }
  for (const name of selectedDatasets(world))
    for (let block = 0; block < BLOCKS; block += 1) writeBlock(sender, mustFindDataset(sender, name), block)
  if (options.placeholder) addPlaceholders(world, 'tank/data')
  takeByHand(world, 'first')
  if (options.clockGoesBack) sender.skewMs = -7_200_000
  takeByHand(world, 'second')
  return world
}

/** Makes `dataset` and what is above it placeholders of the receiver, as an earlier run would have. */
function addPlaceholders(world: World, dataset: string): void {
  const path = receiverName(world, dataset).split('/')
  for (let length = 2; length <= path.length; length += 1) {
    const name = path.slice(0, length).join('/')
    if (findDataset(world.receiver, name) !== undefined) continue
    user(world.receiver, 'create', '-o', 'zrepl:placeholder=on', '-o', 'mountpoint=none', name)
  }
}

/** An hour in which the users write and take two snapshots of everything by hand. */
export function passAnHour(world: World, name: string): void {
  world.nature.nowMs += 3_600_000
  takeByHand(world, `${name}_1`)
  takeByHand(world, `${name}_2`)
}

/** Changes three blocks of each selected dataset, then takes a snapshot of all, which does not belong to the program. */
function takeByHand(world: World, name: string): void {
  const {sender, nature} = world
  nature.nowMs += 60_000
  for (const dataset of selectedDatasets(world)) {
    for (let block = 0; block < 3; block += 1)
      writeBlock(sender, mustFindDataset(sender, dataset), (nature.writes + block) % BLOCKS)
    user(sender, 'snapshot', `${dataset}@${name}`)
  }
}

/** A user gives a command, which has to succeed. */
export function user(host: Host, ...argv: readonly string[]): void {
  const {exitCode, stderr} = runCommand(host, argv)
  if (exitCode !== 0) throw new Error(`zfs ${argv.join(' ')}: ${stderr}`)
}

/** An independent copy. */
export function copyWorld({options, nature, sender, receiver, received, longest, kept}: World): World {
  const copy: Nature = {
    random: {...nature.random},
    nowMs: nature.nowMs,
    writes: nature.writes,
    taken: new Map(nature.taken),
  }
  return {
    options,
    nature: copy,
    sender: copyHost(sender, copy),
    receiver: copyHost(receiver, copy),
    received: new Set(received),
    longest: new Map(longest),
    kept: new Map(kept),
  }
}
