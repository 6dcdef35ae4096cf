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

async function lastDropped(disk: string): Promise<number> {
  let dropped = 0;
  for (const file of recordingFiles(disk)) {
    for await (const entry of recordedEntries(file)) if ('recorded' in entry) dropped += entry.recorded.dropped;
  }
  return dropped;
}

describeWith(canMount ? undefined : 'allow user namespaces, which mount the disk', 'a recording', () => {
  test('on a full disk goes on when there is room again', { timeout: 90_000 }, async () => {
    const { server, disk } = await startOn('size=1m');
    for (let sent = 0; sent < 40; sent += 1) await server.review(largePod());
    expect(await server.logged(/^reviews cannot be recorded/)).toMatchObject({ reason: 'ENOSPC' });
    await vi.waitFor(async () => expect(await server.metric('tidewaiter_recording_failed')).toBe('1'));
    expect((await server.review(largePod())).allowed).toBe(true);
    for (const file of readdirSync(disk)) rmSync(path.join(disk, file));
    await vi.waitFor(
      async () => {
        await server.review({ ...largePod(), spec: { containers: [] } });
        expect(await server.metric('tidewaiter_recording_failed')).toBe('0');
      },
      { timeout: 30_000, interval: 1000 },
    );
    await server.logged(/^reviews are recorded again$/);
    expect(server.log.filter(({ level }) => level === 'error')).toHaveLength(1);
    const dropped = await lastDropped(disk);
    expect(dropped).toBeGreaterThan(0);
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
