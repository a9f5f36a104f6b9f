/** What a run did, or would do: the value behind every output. The shape is schemas/report.schema.json. */
export type {
  FilesystemReport,
  HookReport,
  NotifyFailure,
  PoolRound,
  PrunedFilesystem,
  PrunedSnapshot,
  PruneReason,
  PruneReport,
  ReplicateReport,
  ReportedError,
  RunReport,
  SnapshotReport,
  SnapshottedFilesystem,
  StepReport,
} from '../../generated/report-types.ts'
