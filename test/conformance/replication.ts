import type {Case} from './case.ts'
import {INITIAL} from './replication-initial.ts'
import {LEFTOVERS} from './replication-leftovers.ts'
import {PLACEHOLDERS} from './replication-placeholders.ts'
import {RESUMING} from './replication-resuming.ts'

/** zrepl's platform tests about whole runs. */
export const REPLICATION: readonly Case[] = [...INITIAL, ...LEFTOVERS, ...RESUMING, ...PLACEHOLDERS]
