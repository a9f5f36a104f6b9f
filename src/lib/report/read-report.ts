import validateReport from '../../generated/validate-report.js'
import type {RunReport} from './report.ts'

/** The report that a text is; `undefined` for anything else, for instance a report of another version of zrepl. */
export function readReport(text: string): RunReport | undefined {
  try {
    const report: unknown = JSON.parse(text)
    return validateReport(report) ? (report as RunReport) : undefined
  } catch {
    return undefined
  }
}
