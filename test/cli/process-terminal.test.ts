/** Standard output in a shell: pipes that no process reads yet, or reads any longer. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, createReadStream, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-terminal-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PIPE_BYTES = 65_536;
/** Several pipes full, with characters of three bytes, so that a write ends in the middle of one. */
const CALLS = 40;
const TEXT = '€'.repeat(5000);
const WRITER = `
  import { processTerminal } from ${JSON.stringify(path.resolve('src/cli/process-terminal.ts'))};
  const terminal = processTerminal();
  for (let n = 0; n < ${CALLS}; n++) terminal.out(${JSON.stringify(TEXT)});
  terminal.note('written');
`;

const FULL = '/dev/full';

function writeTo(stdout: number | 'pipe'): ReturnType<typeof spawn> {
  return spawn(process.execPath, ['--input-type=module', '-e', WRITER], { stdio: ['ignore', stdout, 'pipe'] });
}

async function finished(child: ReturnType<typeof spawn>): Promise<{ readonly code: unknown; readonly err: string }> {
  let err = '';
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code] = await once(child, 'close');
  return { code, err };
}

test('a pipe that would block receives the whole text', async () => {
  const fifo = path.join(folder, 'slow');
  execFileSync('mkfifo', [fifo]);
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
  const child = writeTo(writer);
  closeSync(writer);
  const done = finished(child);
  expect(CALLS * Buffer.byteLength(TEXT)).toBeGreaterThan(4 * PIPE_BYTES);
  await delay(500);
  const chunks: Buffer[] = [];
  const blocking = openSync(fifo, constants.O_RDONLY);
  closeSync(reader);
  for await (const chunk of createReadStream('', { fd: blocking })) chunks.push(chunk as Buffer);
  expect(await done).toEqual({ code: 0, err: 'written' });
  expect(Buffer.concat(chunks).toString('utf8') === TEXT.repeat(CALLS)).toBe(true);
});

test('a reader that closes the pipe is not an error', async () => {
  const child = writeTo('pipe');
  child.stdout?.destroy();
  expect(await finished(child)).toEqual({ code: 0, err: 'written' });
});

/** A server says something more when it stops, and then ends what is under way. */
const NOTER = `
  import { processTerminal } from ${JSON.stringify(path.resolve('src/cli/process-terminal.ts'))};
  const terminal = processTerminal();
  terminal.note('a');
  setTimeout(() => terminal.note('b'), 50);
  setTimeout(() => { process.exitCode = 7; }, 100);
`;

describe.skipIf(!existsSync(FULL))('standard error or output that cannot be written', () => {
  test.each([
    ['a reader that has gone', '2> >(exit)'],
    ['a full disk', `2>${FULL}`],
    ['a descriptor that is closed', '2>&-'],
    ['one that can', '2>/dev/null'],
  ])('a note is lost, and the process continues: %s', (_what, redirection) => {
    const { status } = spawnSync('bash', [
      '-c',
      `"$0" --input-type=module -e "$1" ${redirection}`,
      process.execPath,
      NOTER,
    ]);
    expect(status).toBe(7);
  });

  test('output that cannot be written is an error with the reason', () => {
    const { status, stderr } = spawnSync('bash', ['-c', `"$0" src/main.ts --version >${FULL}`, process.execPath], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: 'cannot write to standard output: no space left on device\n',
    });
  });
});
