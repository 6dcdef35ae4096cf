/** The recording thread. Its messages are those of thread.ts. */
import { constants, setPriority } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { createPace } from './pace.ts';
import type { WriterSettings } from './settings.ts';
import type { FromThread, Progress, ToThread } from './thread.ts';
import { createWriter, type RecordingWriter } from './writer.ts';

const TICK_MS = 1000;

function main(port: NonNullable<typeof parentPort>, settings: WriterSettings): void {
  const post = (message: FromThread, moved: ArrayBuffer[] = []): void => port.postMessage(message, moved);
  const writer = createWriter(settings, {
    onFailure: (reason) => post({ type: 'failed', reason }),
    onRecovery: () => post({ type: 'recovered' }),
    onReview: createPace(),
    onLearned: (known) => post({ type: 'learned', known }, [known.body.buffer]),
    onForgotten: () => post({ type: 'forget' }),
    onEnding: () => post({ type: 'ending' }),
  });
  // One thing at a time, in order.
  let last = Promise.resolve();
  const inTurn = (work: () => Promise<void>): void => {
    last = last.then(work);
  };
  const tick = setInterval(() => {
    inTurn(async () => {
      await writer.tick();
      post({ type: 'counts', ...progressOf(writer) });
    });
  }, TICK_MS);
  port.on('message', (message: ToThread) => {
    inTurn(async () => {
      await receive(message, writer, post);
      if (message.type !== 'close') return;
      clearInterval(tick);
      port.close();
    });
  });
}

function progressOf(writer: RecordingWriter): Progress {
  return { counts: writer.take(), unsaved: writer.unsaved() };
}

async function receive(
  message: ToThread,
  writer: RecordingWriter,
  post: (message: FromThread, moved?: ArrayBuffer[]) => void,
): Promise<void> {
  switch (message.type) {
    case 'batch': {
      const { memory, used, reviews } = message;
      // While batches follow each other, Node.js runs no timer.
      await setImmediate();
      await writer.add(Buffer.from(memory, 0, used));
      return post({ type: 'done', memory, reviews, ...progressOf(writer) }, [memory]);
    }
    case 'repeats': {
      const { repeats, dropped } = message;
      writer.addRepeats(repeats, dropped);
      const reviews = repeats.reduce((sum, { count }) => sum + count, 0);
      return post({ type: 'counted', reviews, ...progressOf(writer) });
    }
    case 'settled':
      return writer.endIfDue();
    case 'close':
      await writer.close();
      return post({ type: 'closed', ...progressOf(writer) });
  }
}

/** On Linux, the priority is that of the thread; elsewhere it would be that of the server. */
function stepBack(): void {
  if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_LOW);
}

stepBack();
// The server passes them.
if (parentPort !== null) main(parentPort, workerData as WriterSettings);
