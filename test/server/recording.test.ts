/** Records what a real server answers, and reads it again. */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { recordedEntries } from '../../src/files/recording-lines.ts';
import { recordingFiles } from '../../src/files/recording-files.ts';
import type { Recorded, RecordedReview } from '../../src/recording/format.ts';
import { recordedAnswer } from '../../src/recording/response.ts';
import { shapeMemory } from '../../src/recording/repeats.ts';
import { createQueue } from '../../src/server/recording/queue.ts';
import { createRecorder, type Recording, type RecordingMetrics } from '../../src/server/recording/recorder.ts';
import type { KnownReview } from '../../src/server/fast/known-reviews.ts';
import type { RecordingSettings } from '../../src/recording/settings.ts';
import type { WriterSettings } from '../../src/server/recording/settings.ts';
import type { RecordingCounts } from '../../src/server/recording/counts.ts';
import { createWriter, type RecordingWriter } from '../../src/server/recording/writer.ts';
import { createReview } from '../support/review.ts';
import { answerTo, batchOf, settingsFor } from '../recording/batches.ts';
import { POD } from '../recording/lines.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-recording-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MIB = 1024 * 1024;

function settings(rest: Partial<RecordingSettings> = {}): WriterSettings {
  return settingsFor(mkdtempSync(path.join(folder, 'r-')), rest);
}

interface TestWriter {
  readonly writer: RecordingWriter;
  readonly failures: string[];
  readonly clock: { now: number };
}

function writerFor(given: WriterSettings): TestWriter {
  const failures: string[] = [];
  const clock = { now: Date.parse('2027-03-01T12:00:00Z') };
  const events = { onFailure: (reason: string) => failures.push(reason), onRecovery: () => failures.push('recovered') };
  const writer = createWriter(given, events, () => clock.now);
  return { writer, failures, clock };
}

async function linesIn(directory: string): Promise<readonly Recorded[]> {
  const lines: Recorded[] = [];
  for (const file of recordingFiles(directory)) {
    for await (const entry of recordedEntries(file)) {
      if ('problem' in entry) throw new Error(`${entry.line}: ${entry.problem}`);
      lines.push(entry.recorded);
    }
  }
  return lines;
}

function reviewsIn(lines: readonly Recorded[]): readonly RecordedReview[] {
  return lines.filter((line) => line.type === 'review');
}

/** All reviews that lines stand for. */
function total(lines: readonly Recorded[]): number {
  return lines.reduce((sum, line) => sum + (line.type === 'review' ? 1 : line.count), 0);
}

const SECRET = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { a: 'eA==' } };

const podNamed = (name: string, image = 'registry.example.com/shop/web:1.4.2'): object => ({
  ...POD,
  metadata: { name, namespace: 'shop', uid: name, creationTimestamp: name },
  spec: { containers: [{ name: 'web', image }] },
});

describe('the writer', () => {
  test('writes a line for each shape, and counts the others', async () => {
    const given = settings();
    const { writer, clock } = writerFor(given);
    await writer.add(batchOf([{ pod: podNamed('web-1'), time: 1000 }, { pod: podNamed('other-pod', 'a/b:2') }]));
    for (let index = 0; index < 100; index += 1) {
      await writer.add(batchOf([{ pod: podNamed(`web-${index}`), uid: `u${index}`, time: 2000 + index }]));
    }
    expect(writer.unsaved()).toBe(102);
    await writer.tick();
    expect(writer.unsaved()).toBe(0);
    clock.now += 30_000;
    await writer.add(batchOf([{ pod: podNamed('web-9'), time: 9000 }]));
    expect(writer.unsaved()).toBe(1);
    await writer.close();
    const lines = await linesIn(given.directory);
    expect(reviewsIn(lines)).toHaveLength(2);
    expect(total(lines)).toBe(103);
    const id = reviewsIn(lines)[0]?.id;
    expect(lines.filter((line) => line.type === 'repeats')).toMatchObject([
      { of: id, count: 100, first: '1970-01-01T00:00:02.000Z', last: '1970-01-01T00:00:02.099Z' },
      { of: id, count: 1, first: '1970-01-01T00:00:09.000Z', last: '1970-01-01T00:00:09.000Z' },
    ]);
    expect(writer.take()).toMatchObject({ recorded: 2, repeated: 101, dropped: 0 });
  });

  test('writes a line for each review if that is configured', async () => {
    const given = settings({ each: 'review' });
    const { writer } = writerFor(given);
    await writer.add(batchOf([{}, {}, {}]));
    await writer.close();
    expect(reviewsIn(await linesIn(given.directory))).toHaveLength(3);
  });

  test('limits what a namespace adds in an hour, and what it replaces', { timeout: 60_000 }, async () => {
    const given = settings({ segmentBytes: MIB });
    const { writer, clock } = writerFor(given);
    const others = Array.from({ length: 50 }, (_, index) => ({ pod: podNamed('web', `other/a${index}:1`) }));
    await writer.add(batchOf(others));
    const body = (name: string): object => ({ ...podNamed('web', `a/${name}:1`), metadata: { namespace: 'hostile' } });
    for (let index = 0; index < 5000; index += 1) await writer.add(batchOf([{ pod: body(`b${index}`) }]));
    await writer.tick();
    const hostile = writer.take();
    expect(hostile.limited).toBeGreaterThan(2000);
    expect(hostile.recorded + hostile.limited).toBe(5050);
    await writer.add(batchOf(others));
    await writer.tick();
    expect(writer.take()).toMatchObject({ recorded: 0, repeated: 50, limited: 0 });
    clock.now += 3_600_001;
    await writer.add(batchOf([{ pod: body('next') }]));
    await writer.tick();
    expect(writer.take()).toMatchObject({ recorded: 1, limited: 0 });
    await writer.close();
    const lines = await linesIn(given.directory);
    expect(lines.reduce((sum, { dropped }) => sum + dropped, 0)).toBe(hostile.limited);
  });

  test('loses nothing that was flushed if the process ends', async () => {
    const given = settings();
    const { writer } = writerFor(given);
    await writer.add(batchOf([{}, { pod: podNamed('a', 'b:1') }]));
    await writer.tick();
    expect(reviewsIn(await linesIn(given.directory))).toHaveLength(2);
    await writer.close();
  });

  test('counts reviews of shapes that have a line, and loses those of others', async () => {
    const given = settings();
    const learned: KnownReview[] = [];
    let forgotten = 0;
    const writer = createWriter(given, {
      onFailure: () => undefined,
      onRecovery: () => undefined,
      onLearned: (known) => void learned.push(known),
      onForgotten: () => void (forgotten += 1),
    });
    await writer.add(batchOf([{ time: 1000 }]));
    expect(learned).toEqual([]);
    await writer.add(batchOf([{ time: 5000 }, { time: 6000 }]));
    const shape = learned[0]?.shape ?? '';
    expect(learned).toHaveLength(1);
    writer.addRepeats([
      { shape, count: 10, first: 2000, last: 7000 },
      { shape: 'other', count: 3, first: 0, last: 0 },
    ]);
    expect(forgotten).toBe(1);
    await writer.close();
    expect(writer.take()).toMatchObject({ recorded: 1, repeated: 12, dropped: 3 });
    const lines = await linesIn(given.directory);
    const [{ id } = { id: '' }] = reviewsIn(lines);
    expect(lines.filter((line) => line.type === 'repeats')).toMatchObject([
      { of: id, count: 12, first: '1970-01-01T00:00:02.000Z', last: '1970-01-01T00:00:07.000Z', dropped: 3 },
    ]);
  });

  test('ends a file when its counts are settled, and teaches nothing from its end on', async () => {
    const given = settings({ segmentMs: 60_000 });
    const clock = { now: Date.parse('2027-03-01T12:00:00Z') };
    const calls: string[] = [];
    const events = {
      onFailure: () => undefined,
      onRecovery: () => undefined,
      onLearned: () => void calls.push('learned'),
      onEnding: () => void calls.push('ending'),
    };
    const writer = createWriter(given, events, () => clock.now);
    await writer.add(batchOf([{}]));
    await writer.endIfDue();
    clock.now += 61_000;
    await writer.tick();
    await writer.add(batchOf([{}, {}]));
    expect(calls).toEqual(['ending']);
    await writer.endIfDue();
    await writer.add(batchOf([{}, {}]));
    expect(calls).toEqual(['ending', 'learned']);
    await writer.close();
    const files = recordingFiles(given.directory);
    expect(files).toHaveLength(2);
    expect(total(await linesIn(given.directory))).toBe(5);
  });

  test('begins files by size and age, each with its own lines', async () => {
    const given = settings({ segmentMs: 60_000 });
    const { writer, clock } = writerFor(given);
    for (let minute = 0; minute < 3; minute += 1) {
      await writer.add(batchOf([{}, {}]));
      clock.now += 61_000;
      await writer.tick();
    }
    await writer.close();
    const files = recordingFiles(given.directory);
    expect(files).toHaveLength(3);
    expect(files.map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
    const lines = await linesIn(given.directory);
    expect(total(lines)).toBe(6);
    expect(reviewsIn(lines)).toHaveLength(3);
  });

  test('removes the oldest files when all are too large', async () => {
    const given = settings({ totalBytes: 4096, segmentMs: 500, each: 'review' });
    const { writer, clock } = writerFor(given);
    clock.now = Date.now() + 3_600_000;
    for (let index = 0; index < 30; index += 1) {
      await writer.add(
        batchOf([{ pod: podNamed(`web-${index}`, `registry.example.com/${'ab'.repeat(index)}/web:1`) }]),
      );
      // A file that changed within the last minute can belong to another server.
      clock.now = Date.now() + 3_600_000 + index * 1000;
      await writer.tick();
    }
    await writer.close();
    const sizes = recordingFiles(given.directory).map((file) => statSync(file).size);
    expect(sizes.length).toBeGreaterThan(1);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(4096);
    expect(JSON.stringify((await linesIn(given.directory)).at(-1))).toContain('ab'.repeat(29));
  });

  test('shares a directory with another server', async () => {
    const given = settings();
    const [one, other] = [writerFor(given), writerFor(given)];
    await one.writer.add(batchOf([{}]));
    await other.writer.add(batchOf([{}]));
    await Promise.all([one.writer.close(), other.writer.close()]);
    expect(readdirSync(given.directory)).toHaveLength(2);
    expect(new Set(reviewsIn(await linesIn(given.directory)).map(({ id }) => id)).size).toBe(2);
  });

  test('does not remove the file of another server that had no reviews for a while', async () => {
    const given = settings({ totalBytes: 4096, each: 'review' });
    const [idle, busy] = [writerFor(given), writerFor(given)];
    for (const { clock } of [idle, busy]) clock.now = Date.now();
    await idle.writer.add(batchOf([{}]));
    await idle.writer.tick();
    const [file = ''] = recordingFiles(given.directory);
    utimesSync(file, 0, 0);
    await idle.writer.tick();
    const large = Array.from({ length: 100 }, (_, index) => ({
      pod: podNamed(`w${index}`, randomBytes(100).toString('hex')),
    }));
    await busy.writer.add(batchOf(large));
    await busy.writer.tick();
    await idle.writer.add(batchOf([{}]));
    await idle.writer.tick();
    await Promise.all([idle.writer.close(), busy.writer.close()]);
    expect([...idle.failures, ...busy.failures]).toEqual([]);
    expect(reviewsIn(await linesIn(given.directory))).toHaveLength(102);
  });

  test('counts what it loses without a directory, tells it once, and goes on when it is back', async () => {
    const given = settings();
    const { writer, failures, clock } = writerFor(given);
    await writer.add(batchOf([{}]));
    await writer.tick();
    renameSync(given.directory, `${given.directory}-away`);
    await writer.add(batchOf([{}, {}]));
    await writer.tick();
    clock.now += 11_000;
    await writer.add(batchOf([{}]));
    await writer.tick();
    expect(failures).toEqual(['ENOENT']);
    renameSync(`${given.directory}-away`, given.directory);
    clock.now += 11_000;
    await writer.add(batchOf([{ dropped: 5 }]));
    await writer.tick();
    await writer.close();
    expect(failures).toEqual(['ENOENT', 'recovered']);
    const last = reviewsIn(await linesIn(given.directory)).at(-1);
    expect(last?.dropped).toBe(8);
    expect(writer.take().dropped).toBe(3);
  });

  /** What happens to the directory, and to reviews of one shape or of others. */
  const steps = fc.array(
    fc.oneof(
      fc.constantFrom('away' as const, 'back' as const, 'tick' as const, 'wait' as const),
      fc.array(fc.constantFrom('a', 'b', 'c', 'secret'), { minLength: 1, maxLength: 5 }),
    ),
    { maxLength: 30 },
  );
  test.each(['shape', 'review'] as const)('counts each review once, with a line for each %s', async (each) => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const given = settings({ each });
        const { writer, clock } = writerFor(given);
        const away = `${given.directory}-away`;
        let added = 0;
        for (const step of all) {
          if (step === 'away' && existsSync(given.directory)) renameSync(given.directory, away);
          else if (step === 'back' && existsSync(away)) renameSync(away, given.directory);
          else if (step === 'tick') await writer.tick();
          else if (step === 'wait') clock.now += 61_000;
          else if (typeof step !== 'string') {
            await writer.add(
              batchOf(step.map((name) => ({ pod: name === 'secret' ? SECRET : podNamed('web', name) }))),
            );
            added += step.length;
          }
        }
        if (existsSync(away)) renameSync(away, given.directory);
        clock.now += 61_000;
        await writer.add(batchOf([{ pod: podNamed('web', 'last') }]));
        await writer.close();
        const { recorded, repeated, unrecorded, dropped } = writer.take();
        expect(recorded + repeated + unrecorded + dropped).toBe(added + 1);
        const lines = await linesIn(given.directory);
        expect(total(lines)).toBe(recorded + repeated);
        expect(lines.reduce((sum, line) => sum + line.dropped, 0)).toBe(dropped);
      }),
      { numRuns: 60 },
    );
  });

  test.skipIf(process.getuid?.() === 0)('goes on without a directory that it may write', async () => {
    const given = settings();
    chmodSync(given.directory, 0o500);
    const { writer, failures } = writerFor(given);
    await writer.add(batchOf([{}]));
    expect(failures).toEqual(['EACCES']);
    expect(writer.take().dropped).toBe(1);
  });

  test('goes on if a file has the name of the directory', async () => {
    const given = settings();
    const file = path.join(folder, 'file');
    writeFileSync(file, '');
    const { writer, failures } = writerFor({ ...given, directory: file });
    await writer.add(batchOf([{}]));
    expect(failures).toEqual(['ENOTDIR']);
    expect(writer.take().dropped).toBe(1);
  });

  test('records no Secret, and nothing that cannot be read', async () => {
    const given = settings();
    const { writer } = writerFor(given);
    await writer.add(batchOf([{ pod: SECRET }]));
    await writer.close();
    expect(writer.take()).toMatchObject({ recorded: 0, unrecorded: 1 });
    expect(readdirSync(given.directory)).toEqual([]);
  });
});

test('a group with many shapes replaces its own', () => {
  const memory = shapeMemory(100);
  for (let index = 0; index < 10; index += 1) memory.add(`own ${index}`, `own-${index}`, 'own');
  memory.isRepeat('own 0', '2027-03-01T12:00:00.000Z');
  for (let index = 0; index < 1000; index += 1) memory.add(`hostile ${index}`, `h-${index}`, 'hostile');
  for (let index = 0; index < 10; index += 1) expect(memory.isRepeat(`own ${index}`, '')).toBe(true);
  expect(memory.isRepeat('hostile 0', '')).toBe(false);
  expect(memory.isRepeat('hostile 999', '')).toBe(true);
  expect(memory.pending()).toBe(12);
});

describe('the queue', () => {
  test('has room for small reviews while there is none for large ones', () => {
    const queue = createQueue({ onBlock: () => undefined, onDrop: () => undefined });
    let large = 0;
    while (queue.reserve(MIB)) large += 1;
    expect(large).toBe(4);
    let small = 0;
    while (queue.reserve(10 * 1024)) small += 1;
    expect(small).toBeGreaterThan(400);
  });

  test('drops what does not fit, and tells it in the next review', () => {
    const sent: ArrayBuffer[] = [];
    let drops = 0;
    const queue = createQueue({
      onBlock: (memory) => void sent.push(memory),
      onDrop: () => {
        drops += 1;
      },
    });
    const note = { time: 0, endpoint: 'validate', durationMs: 1, answer: '{}', facts: {} } as const;
    const body = Buffer.alloc(300 * 1024);
    for (let index = 0; index < 100; index += 1) queue.add(note, body);
    queue.send();
    expect(sent.length + drops).toBe(100);
    expect(sent.reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThanOrEqual(8 * MIB);
    expect(queue.reviews()).toBe(sent.length);
    for (const memory of sent.splice(0)) queue.take(memory, 1);
    expect(queue.reviews()).toBe(0);
    queue.add(note, body);
    queue.send();
    expect(Buffer.from(sent[0] ?? new ArrayBuffer(0)).toString('latin1')).toContain(`"dropped":${drops}`);
    expect(queue.reserve(9 * MIB)).toBe(false);
  });
});

describe('the recorder', () => {
  const noMetrics = (): { metrics: RecordingMetrics; counts: RecordingCounts } => {
    const counts: RecordingCounts = { recorded: 0, repeated: 0, unrecorded: 0, limited: 0, dropped: 0, bytes: 0 };
    const metrics: RecordingMetrics = {
      count(more) {
        for (const key of ['recorded', 'repeated', 'unrecorded', 'limited', 'dropped', 'bytes'] as const)
          counts[key] += more[key];
      },
      setFailing: () => undefined,
    };
    return { metrics, counts };
  };
  const log = { info: () => undefined, error: () => undefined };

  test('records in its thread what was chosen, byte for byte', async () => {
    const given = settings({ namespaces: ['shop', 'team-*'], excludedNamespaces: ['team-x'] });
    const { metrics, counts } = noMetrics();
    const recorder = createRecorder(given, { version: '0.1.0', log, metrics });
    const context = { kinds: { all: [] } as never, policies: [], generation: 'g1' };
    for (const namespace of ['shop', 'team-a', 'team-x', 'other', undefined]) {
      const uid = `u-${namespace}`;
      const body = Buffer.from(JSON.stringify(createReview(POD, { uid, namespace })));
      const recording = recorder.begin({ endpoint: 'validate', namespace, body, context });
      if (namespace === 'team-a') recording?.wait();
      recording?.end(answerTo(uid), 1);
    }
    await recorder.close(15_000);
    const reviews = reviewsIn(await linesIn(given.directory));
    expect(reviews.map(recordedAnswer)).toEqual([answerTo('u-shop'), answerTo('u-team-a')]);
    expect(reviews[0]).toMatchObject({ generation: 'g1', tidewaiter: '0.1.0', dropped: 0 });
    expect(counts).toMatchObject({ recorded: 2, dropped: 0 });
  });

  test('loses no review of a known shape while files end', { timeout: 60_000 }, async () => {
    const given = settings({ segmentMs: 1500 });
    const { metrics, counts } = noMetrics();
    const recorder = createRecorder(given, { version: '0.1.0', log, metrics });
    const context = { kinds: { all: [] } as never, policies: [] };
    let sent = 0;
    await vi.waitFor(
      async () => {
        for (let index = 0; index < 10; index += 1) {
          sent += 1;
          const uid = String(sent).padStart(9, '0');
          const body = Buffer.from(JSON.stringify(createReview(podNamed('web', `a/b:${index % 5}`), { uid })));
          recorder.begin({ endpoint: 'validate', namespace: 'shop', body, context })?.end(answerTo(uid), 1);
        }
        expect(readdirSync(given.directory).length).toBeGreaterThan(2);
      },
      { timeout: 50_000, interval: 20 },
    );
    await recorder.close(30_000);
    expect(counts).toMatchObject({ recorded: 5 * readdirSync(given.directory).length, dropped: 0 });
    expect(counts.recorded + counts.repeated).toBe(sent);
    for (const file of recordingFiles(given.directory)) {
      const ids = new Set<string>();
      for await (const entry of recordedEntries(file)) {
        if ('problem' in entry) throw new Error(entry.problem);
        if (entry.recorded.type === 'review') ids.add(entry.recorded.id);
        else expect(ids).toContain(entry.recorded.of);
      }
    }
  });

  test('tells dropped reviews in the next line also if only counts follow', async () => {
    const given = settings();
    const { metrics } = noMetrics();
    const recorder = createRecorder(given, { version: '0.1.0', log, metrics });
    const context = { kinds: { all: [] } as never, policies: [] };
    const body = Buffer.from(JSON.stringify(createReview(POD, { uid: 'u' })));
    for (const one of [body, body, undefined])
      recorder.begin({ endpoint: 'validate', namespace: 'shop', body: one, context })?.end(answerTo('u'), 1);
    await recorder.close(15_000);
    const lines = await linesIn(given.directory);
    expect(lines.map(({ type, dropped }) => [type, dropped])).toEqual([
      ['review', 0],
      ['repeats', 1],
    ]);
  });

  test('drops a review that has to wait while there is no room, and counts it at its end', async () => {
    const { metrics, counts } = noMetrics();
    const recorder = createRecorder(settings(), { version: '0', log, metrics });
    const context = { kinds: { all: [] } as never, policies: [] };
    const begin = (): Recording | undefined =>
      recorder.begin({ endpoint: 'validate', namespace: 'a', body: Buffer.alloc(3 * MIB), context });
    const [first, second] = [begin(), begin()];
    for (const one of [first, second]) one?.wait();
    expect(counts.dropped).toBe(0);
    second?.end(answerTo('u'), 1);
    expect(counts.dropped).toBe(1);
    first?.drop();
    const third = begin();
    third?.wait();
    third?.drop();
    expect(counts.dropped).toBe(3);
    await recorder.close(15_000);
    expect(counts.recorded).toBe(0);
  });

  test('tells how many reviews are lost if they cannot be written in time', async () => {
    const { metrics } = noMetrics();
    const errors: [object, string][] = [];
    const given = settings();
    const recorder = createRecorder(given, {
      version: '0.1.0',
      log: { info: () => undefined, error: (fields, message) => void errors.push([fields, message]) },
      metrics,
    });
    const context = { kinds: { all: [] } as never, policies: [] };
    for (let index = 0; index < 5; index += 1) {
      const body = Buffer.from(JSON.stringify(createReview(POD)));
      recorder.begin({ endpoint: 'validate', namespace: 'shop', body, context })?.end(answerTo('u'), 1);
    }
    await recorder.close(0);
    expect(errors).toEqual([
      [{ directory: given.directory, lost: 5 }, 'recorded reviews were not written within 0 ms'],
    ]);
  });

  test('samples by rate, and counts what was too large to be kept', async () => {
    const { metrics, counts } = noMetrics();
    const recorder = createRecorder(settings({ rate: 0 }), { version: '0', log, metrics });
    const context = { kinds: { all: [] } as never, policies: [] };
    expect(recorder.begin({ endpoint: 'validate', namespace: 'a', body: Buffer.alloc(9), context })).toBe(undefined);
    expect(counts.dropped).toBe(0);
    await recorder.close(15_000);
    const all = createRecorder(settings(), { version: '0', log, metrics });
    expect(all.begin({ endpoint: 'validate', namespace: 'a', body: undefined, context })).toBe(undefined);
    expect(counts.dropped).toBe(1);
    await all.close(15_000);
  });
});
