/** The server continues if the reader of the log exits. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const BODY = readFileSync(path.join(ROOT, 'test/recordings/pod-latest.json'));

function post(port: string): Promise<number | undefined> {
  const headers = { 'content-type': 'application/json' };
  const options = { port, path: '/validate', method: 'POST', headers, rejectUnauthorized: false, timeout: 5000 };
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', agent: false, ...options }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer within 5 s')));
    sent.on('error', reject);
    sent.end(BODY);
  });
}

test('reviews are answered after standard output was closed by its reader', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-output-'));
  const flags = ['--listen', '127.0.0.1:0', '--operations-port', '0', '--certs-dir', folder];
  const child = spawn(process.execPath, [path.join(ROOT, 'dist/main.js'), 'serve', ...flags], { cwd: folder });
  try {
    const [first]: unknown[] = await once(child.stdout, 'data');
    const port = /"address":"[^"]*:(\d+)"/.exec(String(first))?.[1] ?? '';
    child.stdout.destroy();
    for (let n = 0; n < 4; n++) {
      expect(await post(port)).toBe(200);
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  } finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}, 30_000);
