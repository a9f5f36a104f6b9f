import type {FilesystemReport} from '../report/report.ts'
import {shortName, type Version} from '../zfs/version.ts'

/** The part of a filesystem's report that says how far the receiver has come; empty where nothing is common. */
export function latestVersion(version: Version | undefined): Pick<FilesystemReport, 'latest'> {
  if (version === undefined) return {}
  return {latest: {version: shortName(version), createdAt: new Date(version.creation * 1000).toISOString()}}
}
