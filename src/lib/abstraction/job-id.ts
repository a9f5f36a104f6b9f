declare const brand: unique symbol

/** The name of a job as it is embedded in hold tags and bookmark names: its identity on disk. */
export type JobId = string & {readonly [brand]: 'JobId'}
