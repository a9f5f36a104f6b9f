import type {LogLevel} from './context.ts'

/** Takes lines of text as fast as they come: it never waits and never throws. What it cannot take is lost. */
export type LogSink = {
  write(text: string, level: LogLevel): void
  /** What still waits gets a moment. Never rejects. */
  close(): Promise<void>
}

/** Hears of lines that are lost: once when that begins, with the reason, and once how many they were when it is over. */
export type HearsOfLoss = (loss: {readonly because: string} | {readonly lines: number}) => void
