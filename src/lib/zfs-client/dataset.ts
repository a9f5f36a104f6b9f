import type {RunContext} from '../core/context.ts'
import {
  abortReceiveCommand,
  createPlaceholderCommand,
  renameCommand,
  setKeyLocationCommand,
  setPlaceholderCommand,
  type ZfsCommand,
} from '../zfs/argv.ts'
import type {Outcome} from '../zfs/client.ts'
import type {Dataset} from '../zfs/dataset.ts'
import type {DatasetName} from '../zfs/name.ts'
import {askAgain, change, DONE, failed, failureOf, succeeded} from './command.ts'
import {list, lookAtKeyLocation} from './list.ts'
import type {RunProgram} from './run-program.ts'

/**
 * Done also when the dataset is there, whoever made it: it is not touched. That it is a placeholder cannot be asked of one
 * that another process is just making: ZFS sets its properties after it has come to be.
 */
export async function createPlaceholder(
  ctx: RunContext,
  run: RunProgram,
  dataset: DatasetName,
  encryption: 'inherit' | 'off',
): Promise<Outcome> {
  return await changeDataset(
    ctx,
    run,
    dataset,
    createPlaceholderCommand(dataset, encryption),
    (now) => now !== undefined,
  )
}

export async function setPlaceholder(
  ctx: RunContext,
  run: RunProgram,
  dataset: DatasetName,
  value: 'on' | 'off',
): Promise<Outcome> {
  return await changeDataset(
    ctx,
    run,
    dataset,
    setPlaceholderCommand(dataset, value),
    (now) => now?.placeholder === (value === 'on'),
  )
}

export async function setKeyLocation(
  ctx: RunContext,
  run: RunProgram,
  dataset: DatasetName,
  location: string,
): Promise<Outcome> {
  const result = await change(ctx, run, setKeyLocationCommand(dataset, location))
  if (succeeded(result)) return DONE
  const now = await askAgain(ctx, () => lookAtKeyLocation(ctx, run, dataset))
  return now === location ? DONE : failed(failureOf(result))
}

/** Done also when the new name is there and the old one is not. */
export async function rename(
  ctx: RunContext,
  run: RunProgram,
  from: DatasetName,
  to: DatasetName,
): Promise<Outcome> {
  const result = await change(ctx, run, renameCommand(from, to))
  if (succeeded(result)) return DONE
  const now = await askAgain(ctx, () => list(ctx, run, {roots: [from, to], recursive: false}))
  const renamed = now?.missingRoots.includes(from) === true && !now.missingRoots.includes(to)
  return renamed ? DONE : failed(failureOf(result))
}

/** Done also when there is nothing to abort; the dataset itself goes when it held nothing else. */
export async function abortReceive(ctx: RunContext, run: RunProgram, dataset: DatasetName): Promise<Outcome> {
  return await changeDataset(
    ctx,
    run,
    dataset,
    abortReceiveCommand(dataset),
    (now) => now?.resumeToken === undefined,
  )
}

/** Runs a command about one dataset; when it fails, looks whether the dataset is as wished nevertheless. */
async function changeDataset(
  ctx: RunContext,
  run: RunProgram,
  dataset: DatasetName,
  command: ZfsCommand,
  asWished: (now: Dataset | undefined) => boolean,
): Promise<Outcome> {
  const result = await change(ctx, run, command)
  if (succeeded(result)) return DONE
  const now = await askAgain(ctx, () => list(ctx, run, {roots: [dataset], recursive: false}))
  return now !== undefined && asWished(now.datasets[0]) ? DONE : failed(failureOf(result))
}
