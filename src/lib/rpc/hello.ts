/** Both sides fill the word of their banner up to this length with zeros. */
export const BANNER_BYTES = 31
export const HELLO = 'SSHCON_HELO'
export const PROTOCOL_VERSION = 7
export const LANES_EXTENSION = 'lanes=1'

/** What the passive side says first. In a module of its own, as nothing else has to be loaded before that. */
export const SERVER_HELLO = greeting(HELLO)

/** zrepl's banner and version handshake, with an extension line that announces lanes. ASCII. */
export function greeting(word: string): string {
  const version = String(PROTOCOL_VERSION).padStart(4, '0')
  const message = `ZREPL_ZFS_REPLICATION PROTOVERSION=${version} EXTENSIONS=0001\n${LANES_EXTENSION}\n`
  return `${padded(word)}${String(message.length).padStart(10, '0')} ${message}`
}

/** The banner with this word. */
export function padded(word: string): string {
  return word.padEnd(BANNER_BYTES, '\0')
}
