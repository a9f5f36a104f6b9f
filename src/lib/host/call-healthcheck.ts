import {OperationalError} from '../core/errors.ts'

/**
 * Calls a health check with POST; `body` is what it shows. Throws `host` when it cannot be reached or does not answer with
 * success; never with more of the URL than its host, because who knows the rest can call it.
 */
export async function callHealthcheck(url: string, body: string, signal: AbortSignal): Promise<void> {
  const {host} = new URL(url)
  let status: number
  try {
    const response = await fetch(url, {method: 'POST', body, signal})
    status = response.status
    await response.body?.cancel()
  } catch (cause) {
    const why = signal.aborted ? 'it did not answer in time' : 'it cannot be reached'
    throw new OperationalError('host', `the health check at ${host}: ${why}`, {cause})
  }
  if (status >= 400) throw new OperationalError('host', `the health check at ${host} answers ${status}`)
}
