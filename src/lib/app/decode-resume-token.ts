import {OperationalError} from '../core/errors.ts'
import {EXIT, type ExitStatus} from '../core/exit-code.ts'
import {renderResumeToken} from '../report/render-resume-token.ts'
import {decodeResumeToken} from '../zfs/resume-token.ts'
import type {Output} from './output.ts'

/** Prints what a resume token says, without asking ZFS. Throws `usage` for one that zrepl would not continue from. */
export function printResumeToken({print, token}: Output & {readonly token: string}): ExitStatus {
  const state = decodeResumeToken(token)
  if (state.kind === 'useless')
    throw new OperationalError('usage', `this token is of no use: ${state.because}`, {
      hint: 'the value of receive_resume_token, whole: zfs get -H -o value receive_resume_token DATASET',
    })
  print(renderResumeToken(state))
  return EXIT.ok
}
