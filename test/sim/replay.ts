import type {LocalReceiver} from '../../src/lib/endpoint/receiver.ts'
import type {LocalSender} from '../../src/lib/endpoint/sender.ts'
import type {Served} from '../../src/lib/rpc/serve.ts'

/** Which of the requests without a stream come twice: the client gets the answer to the second. */
export type Replays = {
  /** By their position among all that have been asked for. */
  readonly isReplayed: (index: number) => boolean
  /** Called for each, with its verb. */
  readonly onRequest: (verb: string) => void
}

/** The same endpoint behind a wire on which a request may arrive twice, one right after the other. */
export function replaying(served: Served, {isReplayed, onRequest}: Replays): Served {
  let asked = 0
  const twice =
    <Asked extends readonly unknown[], Answer>(verb: string, ask: (...asked: Asked) => Promise<Answer>) =>
    async (...request: Asked): Promise<Answer> => {
      const index = asked
      asked += 1
      onRequest(verb)
      const first = await ask(...request)
      return isReplayed(index) ? await ask(...request) : first
    }

  switch (served.kind) {
    case 'sender': {
      const {sender} = served
      const changed: LocalSender = {
        ...sender,
        protect: twice('protect', sender.protect),
        complete: twice('complete', sender.complete),
        destroySnapshots: twice('destroySnapshots', sender.destroySnapshots),
      }
      return {kind: 'sender', sender: changed}
    }
    case 'receiver': {
      const {receiver} = served
      const changed: LocalReceiver = {
        ...receiver,
        abortPartial: twice('abortPartial', receiver.abortPartial),
        setAside: twice('setAside', receiver.setAside),
        holdLastReceived: twice('holdLastReceived', receiver.holdLastReceived),
        destroySnapshots: twice('destroySnapshots', receiver.destroySnapshots),
      }
      return {kind: 'receiver', receiver: changed}
    }
    case 'refused':
      return served
  }
}
