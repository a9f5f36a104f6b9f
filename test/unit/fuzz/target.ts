/** Something that takes text from outside. */
export type Target = {
  readonly name: string
  /** Text that is accepted, or nearly so. */
  readonly samples: readonly [string, ...string[]]
  readonly take: (text: string) => unknown
  /** What it may throw, and nothing else. `never` when it answers everything. */
  readonly throws: 'never' | ((error: Error) => boolean)
  /** What an answer says that is no more than a refusal; `undefined` where it is more. */
  readonly refusal?: (answer: unknown) => string | undefined
  /** Repeats of a character that it is given: fewer where it takes long for good reason. */
  readonly longest?: number
}

/** What comes of text: an answer, or a refusal with its words. */
export type Outcome = {readonly answer: unknown} | {readonly refused: string}

/** Gives `text` to the target. Throws what the target may not throw. */
export async function outcomeOf({take, throws, refusal}: Target, text: string): Promise<Outcome> {
  try {
    const answer = await take(text)
    const words = refusal?.(answer)
    return words === undefined ? {answer} : {refused: words}
  } catch (error) {
    if (error instanceof Error && throws !== 'never' && throws(error)) return {refused: error.message}
    throw error
  }
}

/** An `Error` made to be shown: not one of the language's own, which would be a mistake of ours. */
export function toBeShown(error: Error): boolean {
  return (
    !(error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) &&
    error.message !== ''
  )
}

/** The refusal in answers of the form `{kind, because}`. */
export function because(kind: string): (answer: unknown) => string | undefined {
  return (answer) => {
    const told = answer as {readonly kind: string; readonly because: string}
    return told.kind === kind ? told.because : undefined
  }
}
