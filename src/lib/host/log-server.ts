import {readFileSync} from 'node:fs'
import {connect, isIP, type Socket} from 'node:net'
import {connect as connectTls} from 'node:tls'
import type {HearsOfLoss, LogSink} from '../core/log-sink.ts'
import {printable, quoted} from '../core/printable.ts'
import {createLostLines} from './lost-lines.ts'

/** So much waits for a server that is slow or not there, in characters; what comes beyond it is lost. */
const MOST_WAITING = 1024 * 1024
/** So long is waited at the end for what still waits, milliseconds. */
const GRACE_MS = 1000

export type LogServerOptions = {
  readonly host: string
  readonly port: number
  readonly family: 0 | 4 | 6
  /** Paths of PEM files. */
  readonly tls: {readonly ca: string; readonly cert: string; readonly key: string} | undefined
  /** How long to wait before the next attempt, milliseconds. */
  readonly retryMs: number
}

/**
 * A server that lines are sent to by TCP, each with a line end. One that is slow or not there holds nobody up. Whether what
 * was sent has arrived is not known: the protocol has no answer.
 */
export function createLogServer(options: LogServerOptions, tell: HearsOfLoss): LogSink {
  const lost = createLostLines(tell)
  const name = quoted(`${options.host}:${options.port}`)
  let waiting: string[] = []
  let size = 0
  let socket: Socket | undefined
  let isReady = false
  let retry: ReturnType<typeof setTimeout> | undefined
  let closed = false
  let emptied = () => {}

  function open(): void {
    try {
      socket = dial(options)
    } catch (error) {
      const {code} = error as NodeJS.ErrnoException
      failed(`the certificates cannot be used: ${code}`)
      return
    }
    const mine = socket
    mine.unref()
    mine.on(options.tls === undefined ? 'connect' : 'secureConnect', () => {
      isReady = true
      pump()
    })
    mine.on('drain', () => {
      isReady = true
      pump()
    })
    mine.on('data', () => {})
    mine.on('error', (error: NodeJS.ErrnoException) => failed(error.code ?? printable(error.message), mine))
    mine.on('close', () => failed('it has hung up', mine))
  }

  function failed(because: string, from = socket): void {
    if (from !== socket) return
    socket?.destroy()
    socket = undefined
    isReady = false
    if (!closed || waiting.length > 0) lost.began(`the server at ${name}: ${because}`)
    if (closed) {
      emptied()
      return
    }
    retry = setTimeout(open, options.retryMs)
    retry.unref()
  }

  function pump(): void {
    while (isReady && socket !== undefined && waiting.length > 0) {
      const some = waiting.splice(0, 64)
      const text = some.join('')
      size -= text.length
      isReady = socket.write(text)
    }
    if (waiting.length > 0 || socket === undefined || !isReady) return
    lost.ended()
    emptied()
  }

  open()
  return {
    write(text) {
      const line = `${text}\n`
      if (size + line.length > MOST_WAITING) {
        lost.began(`the server at ${name}: it does not take lines as fast as they come`)
        lost.count()
        return
      }
      waiting.push(line)
      size += line.length
      pump()
    },
    async close() {
      closed = true
      clearTimeout(retry)
      if (socket !== undefined && (waiting.length > 0 || !isReady))
        await withinGrace((done) => {
          emptied = done
          pump()
        })
      const last = socket
      if (last !== undefined && isReady) await withinGrace((done) => last.end(done))
      last?.destroy()
      for (const _ of waiting) lost.count()
      waiting = []
      lost.ended()
    },
  }
}

function dial({host, port, family, tls}: LogServerOptions): Socket {
  const target = {host: host === '' ? 'localhost' : host, port, family}
  if (tls === undefined) return connect(target)
  return connectTls({
    ...target,
    // A name is what the certificate is looked up by; an address is none.
    ...(isIP(target.host) === 0 ? {servername: target.host} : {}),
    ca: readFileSync(tls.ca),
    cert: readFileSync(tls.cert),
    key: readFileSync(tls.key),
  })
}

/** Until `work` has called back, but no longer than is due to it. */
function withinGrace(work: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GRACE_MS)
    work(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
