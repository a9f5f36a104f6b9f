import type {Global} from '../../generated/config-types.ts'

/** Where metrics go, and whether traces are kept. */
export type Monitoring = {
  /** The file for node_exporter's textfile collector; absolute. */
  readonly textfile: string | undefined
  /** A trace of every run is kept beside its report. */
  readonly trace: boolean
}

/** `global.monitoring`. What only a daemon can do is not in it. */
export function resolveMonitoring(raw: Global = {}): Monitoring {
  const textfile = raw.monitoring?.find((place) => place.type === 'textfile')
  return {textfile: textfile?.path, trace: raw.monitoring?.some(({type}) => type === 'trace') ?? false}
}
