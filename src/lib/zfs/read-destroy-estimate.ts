import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'

/**
 * Reads what `estimateDestroyCommand` printed on stdout, decoded as latin1: how many bytes would be free afterwards.
 * Throws `zfs-output` on anything but the names of what would be destroyed and one sum.
 */
export function readDestroyEstimate(stdout: string): bigint {
  const lines = stdout.split('\n').filter((line) => line !== '')
  const odd = lines.find((line) => !/^(?:destroy\t[^\t]+@[^\t]+|reclaim\t[0-9]{1,20})$/.test(line))
  const [sum, other] = lines.filter((line) => line.startsWith('reclaim\t'))
  if (odd !== undefined || sum === undefined || other !== undefined) {
    throw new OperationalError(
      'zfs-output',
      `zfs destroy -n printed ${quoted((odd ?? stdout).slice(0, 160))}, which is not an estimate`,
    )
  }
  return BigInt(sum.slice('reclaim\t'.length))
}
