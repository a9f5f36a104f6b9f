const NULLS = new Set(['', '~', 'null', 'Null', 'NULL'])
const TRUES = new Set(['true', 'True', 'TRUE', 'yes', 'Yes', 'YES', 'y', 'Y', 'on', 'On', 'ON'])
const FALSES = new Set(['false', 'False', 'FALSE', 'no', 'No', 'NO', 'n', 'N', 'off', 'Off', 'OFF'])

/**
 * What a word without quotes means: YAML 1.2's core schema, plus the boolean words zrepl's parser knows. A number with
 * leading zeros stays text, because YAML 1.1 takes it for octal and YAML 1.2 does not.
 */
export function readPlainScalar(text: string): string | number | boolean | null {
  if (NULLS.has(text)) return null
  if (TRUES.has(text)) return true
  if (FALSES.has(text)) return false
  if (/^[-+]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/.test(text)) return Number(text)
  if (/^0(?:x[0-9A-Fa-f]+|o[0-7]+)$/.test(text)) return Number(text)
  return text
}

/** True for words that are booleans to YAML 1.1 and plain words to YAML 1.2, `on` before all. */
export function isBooleanWord(text: string): boolean {
  return (TRUES.has(text) || FALSES.has(text)) && !/^(?:true|false)$/i.test(text)
}
