/** Runs the commands of docs/recordings.md on a recording. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MAX_REVIEW_DEPTH } from '../../src/recording/nesting.ts';
import { createWriter } from '../../src/server/recording/writer.ts';
import { describeWith } from '../support/real-part.ts';
import { batchOf, type Sent, settingsFor } from './batches.ts';
import { POD } from './lines.ts';

const programs = ['jq', 'zstd'].filter((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).error);
const missing = programs.length === 0 ? undefined : `install ${programs.join(' and ')}`;

const text = readFileSync(path.resolve(import.meta.dirname, '../../docs/recordings.md'), 'utf8');
const commands = [...text.matchAll(/^```sh\n([^]*?)^```$/gm)].flatMap(({ 1: command = '' }) =>
  command.includes('zstd -dc DIR') ? [command] : [],
);

const OUTPUTS = [
  '1 Deployment\n1 Pod\n',
  '6\n',
  'shop\tjane\tregistry.example.com/shop/web:1.4.2\nshop\tjane\tregistry.example.com/shop/web:1.5.0\n',
];

const reviews: readonly Sent[] = [
  { pod: POD, allowed: false },
  { pod: POD, allowed: false, uid: 'again' },
  { pod: POD, allowed: false, uid: 'and again' },
  { pod: withImage('registry.example.com/shop/web:1.5.0') },
  { pod: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace: 'shop' } }, allowed: false },
  { pod: { apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'shop' } } },
];

function nested(levels: number): unknown {
  return levels === 0 ? 1 : [nested(levels - 1)];
}

function withImage(image: string): object {
  return { ...POD, spec: { containers: [{ name: 'web', image }] } };
}

describeWith(missing, 'the examples of docs/recordings.md', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-examples-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeAll(async () => {
    const writer = createWriter(settingsFor(folder), { onFailure: () => undefined, onRecovery: () => undefined });
    await writer.add(batchOf(reviews));
    await writer.close();
  });

  test('are all tried', () => expect(commands).toHaveLength(OUTPUTS.length));

  test.each(OUTPUTS.map((output, index) => [commands[index] ?? '', output] as const))('%s', (command, output) => {
    const { stdout, stderr } = spawnSync('sh', ['-c', command.replaceAll('DIR', folder)], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout.replace(/^ +/gm, '')).toBe(output);
  });

  test('are not stopped by reviews that are nested deep', async () => {
    const other = mkdtempSync(path.join(tmpdir(), 'tidewaiter-deep-'));
    const writer = createWriter(settingsFor(other), { onFailure: () => undefined, onRecovery: () => undefined });
    // The review, the request, and the Pod are three levels.
    const pods = [
      POD,
      { ...POD, deep: nested(MAX_REVIEW_DEPTH - 3) },
      { ...POD, deep: nested(MAX_REVIEW_DEPTH - 2) },
      POD,
    ];
    await writer.add(batchOf(pods.map((pod, index) => ({ pod: { ...pod, index } }))));
    await writer.close();
    const { stdout, stderr } = spawnSync(
      'sh',
      ['-c', `zstd -dc ${other}/*.zst | jq -c '[.dropped, .review.request.object.index]'`],
      {
        encoding: 'utf8',
      },
    );
    rmSync(other, { recursive: true });
    expect({ stdout, stderr }).toEqual({ stdout: '[0,0]\n[0,1]\n[1,3]\n', stderr: '' });
  });
});
