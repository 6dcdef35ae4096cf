/** The recording thread. Its messages are those of thread.ts. */
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { createPace } from './pace.ts';
import type { WriterSettings } from './settings.ts';
import type { FromThread, ToThread } from './thread.ts';
import { createWriter } from './writer.ts';

const TICK_MS = 1000;

function main(port: NonNullable<typeof parentPort>, settings: WriterSettings): void {
  const post = (message: FromThread, moved: ArrayBuffer[] = []): void => port.postMessage(message, moved);
  const writer = createWriter(settings, {
    onFailure: (reason) => post({ type: 'failed', reason }),
    onRecovery: () => post({ type: 'recovered' }),
    onReview: createPace(),
  });
  const progress = (): Pick<FromThread & { type: 'counts' }, 'counts' | 'unsaved'> => ({
    counts: writer.take(),
    unsaved: writer.unsaved(),
  });
  // One thing at a time, in order.
  let last = Promise.resolve();
  const inTurn = (work: () => Promise<void>): void => {
    last = last.then(work);
  };
  const tick = setInterval(() => {
    inTurn(async () => {
      await writer.tick();
      post({ type: 'counts', ...progress() });
    });
  }, TICK_MS);
  port.on('message', (message: ToThread) => {
    inTurn(async () => {
      if (message.type === 'close') {
        clearInterval(tick);
        await writer.close();
        post({ type: 'closed', ...progress() });
        port.close();
        return;
      }
      const { memory, used, reviews } = message;
      await writer.add(Buffer.from(memory, 0, used));
      post({ type: 'done', memory, reviews, ...progress() }, [memory]);
    });
  });
}

/** On Linux, the priority is that of the thread; elsewhere it would be that of the server. */
function stepBack(): void {
  if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_LOW);
}

stepBack();
// The server passes them.
if (parentPort !== null) main(parentPort, workerData as WriterSettings);
