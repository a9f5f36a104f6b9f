/** What a command printed and how it exited. */
export type Answer = {readonly stdout: string; readonly stderr: string; readonly exitCode: number}

/**
 * A command at work. What happens between two yields happens at once; at a yield another command, a foreign actor or
 * death may come in between. Nothing is changed before the first yield.
 */
export type Command = Generator<undefined, Answer>

export function printed(stdout: string): Answer {
  return {stdout, stderr: '', exitCode: 0}
}

export const SILENT: Answer = printed('')

/** One complaint in each line. */
export function complained(lines: readonly string[], {stdout = '', exitCode = 1} = {}): Answer {
  return {stdout, stderr: lines.map((line) => `${line}\n`).join(''), exitCode}
}

/** Some mistakes print how the command is to be used, and exit with 2. */
export function misused(complaint: string, usage: string): Answer {
  return complained([complaint, 'usage:', `\t${usage}`, ''], {exitCode: 2})
}

export function cannotOpen(name: string): string {
  return `cannot open '${name}': dataset does not exist`
}
