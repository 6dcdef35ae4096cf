/** Records on disks of its own, which are full or read-only: reviews go on, and the recording does when it can. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { recordingFiles } from '../../../src/files/recording-files.ts';
import { recordedEntries } from '../../../src/files/recording-lines.ts';
import { type BuiltServer, newFolder, startBuiltServer } from '../../support/built-server.ts';
import { describeWith } from '../../support/real-part.ts';

const NAMESPACE = ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c'];
const canMount = spawnSync('unshare', [...NAMESPACE.slice(1), 'mount -t tmpfs tmpfs /mnt']).status === 0;

let running: BuiltServer | undefined;
afterEach(async () => running?.stop());

async function startOn(options: string): Promise<{ readonly server: BuiltServer; readonly disk: string }> {
  const wrapper = [...NAMESPACE, `mount -t tmpfs -o ${options} tmpfs /mnt && exec "$@"`, 'sh'];
  const flags = ['--record', '/mnt', '--record-each', 'review'];
  const server = await startBuiltServer(newFolder(), flags, wrapper);
  running = server;
  return { server, disk: path.join('/proc', String(server.process.pid), 'root/mnt') };
}

/** About 40 KB that cannot be compressed further. */
function largePod(): object {
  const containers = Array.from({ length: 500 }, (_, index) => ({
    name: `c${index}`,
    image: `registry.example.com/${randomBytes(60).toString('hex')}:1`,
  }));
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers } };
}

interface Lines {
  reviews: number;
  dropped: number;
}

async function linesOn(disk: string): Promise<Lines> {
  const lines = { reviews: 0, dropped: 0 };
  for (const file of recordingFiles(disk)) {
    for await (const entry of recordedEntries(file)) {
      if (!('recorded' in entry)) continue;
      lines.dropped += entry.recorded.dropped;
      if (entry.recorded.type === 'review') lines.reviews += 1;
    }
  }
  return lines;
}

const RESULTS = ['recorded', 'repeated', 'unrecorded', 'limited', 'dropped'] as const;

type Counts = Record<(typeof RESULTS)[number], number>;

function sum(counts: Counts): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

async function counted(server: BuiltServer): Promise<Counts> {
  const counts = { recorded: 0, repeated: 0, unrecorded: 0, limited: 0, dropped: 0 };
  for (const result of RESULTS)
    counts[result] = Number((await server.metric(`tidewaiter_recorded_reviews_total\\{result="${result}"\\}`)) ?? 0);
  return counts;
}

describeWith(canMount ? undefined : 'allow user namespaces, which mount the disk', 'a recording', () => {
  test('on a full disk goes on when there is room again', { timeout: 90_000 }, async () => {
    const { server, disk } = await startOn('size=1m');
    let sent = 0;
    const send = async (pod: object): Promise<void> => {
      sent += 1;
      expect((await server.review(pod)).allowed).toBe(true);
    };
    for (let pods = 0; pods < 3; pods += 1) await send(largePod());
    // Before the disk is full.
    await vi.waitFor(async () => expect((await counted(server)).recorded).toBe(sent), { timeout: 30_000 });
    for (let pods = 0; pods < 40; pods += 1) await send(largePod());
    expect(await server.logged(/^reviews cannot be recorded/)).toMatchObject({ reason: 'ENOSPC' });
    await vi.waitFor(async () => expect(await server.metric('tidewaiter_recording_failed')).toBe('1'));
    await send(largePod());
    await vi.waitFor(async () => expect(sum(await counted(server))).toBe(sent), { timeout: 30_000, interval: 200 });
    const full = await counted(server);
    const written = await linesOn(disk);
    expect(written).toEqual({ reviews: full.recorded, dropped: 0 });
    expect(full.recorded).toBeGreaterThanOrEqual(3);
    for (const file of readdirSync(disk)) rmSync(path.join(disk, file));
    await vi.waitFor(
      async () => {
        await send({ ...largePod(), spec: { containers: [] } });
        expect(await server.metric('tidewaiter_recording_failed')).toBe('0');
      },
      { timeout: 30_000, interval: 1000 },
    );
    await server.logged(/^reviews are recorded again$/);
    expect(server.log.filter(({ level }) => level === 'error')).toHaveLength(1);
    await vi.waitFor(async () => expect(sum(await counted(server))).toBe(sent), { timeout: 30_000, interval: 200 });
    const counts = await counted(server);
    expect(await linesOn(disk)).toEqual({ reviews: counts.recorded - full.recorded, dropped: counts.dropped });
    expect(readdirSync(disk)).toHaveLength(1);
  });

  test('on a read-only disk is told once', { timeout: 60_000 }, async () => {
    const { server, disk } = await startOn('ro');
    for (let sent = 0; sent < 5; sent += 1) await server.review(largePod());
    expect(await server.logged(/^reviews cannot be recorded/)).toMatchObject({ reason: 'EROFS' });
    expect(readdirSync(disk)).toEqual([]);
    expect(server.log.filter(({ level }) => level === 'error')).toHaveLength(1);
  });
});
