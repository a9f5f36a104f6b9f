/** The part of ssh2 that is used here. Its published types replace those of the runtime by much older ones. */
declare module 'ssh2' {
  import type {Duplex, Readable} from 'node:stream'

  export type Channel = Duplex & {readonly stderr: Readable}

  export type ConnectConfig = {
    readonly host: string
    readonly port: number
    readonly username: string
    readonly privateKey: Uint8Array
    readonly readyTimeout: number
    readonly keepaliveInterval: number
    readonly keepaliveCountMax: number
    readonly hostVerifier: (key: Uint8Array) => boolean
    readonly algorithms: Readonly<Record<string, readonly string[]>>
  }

  export class Client {
    on(event: 'ready' | 'end' | 'close', listener: () => void): this
    on(event: 'error', listener: (error: Error) => void): this
    connect(config: ConnectConfig): this
    shell(
      window: false,
      options: Readonly<Record<string, never>>,
      callback: (error: Error | undefined, channel: Channel) => void,
    ): this
    end(): this
  }
}
