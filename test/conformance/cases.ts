import type {Case} from './case.ts'
import {REPLICATION} from './replication.ts'
import {SEND_ARGS} from './send-args.ts'
import {ZFS_LAYER} from './zfs-layer.ts'

/** All of zrepl's platform tests. */
export const CASES: readonly Case[] = [...ZFS_LAYER, ...SEND_ARGS, ...REPLICATION]
