/**
 * The load client where wrk is missing: `node load-client.ts PORT SECONDS CONNECTIONS`, with the body in the file $BODY_FILE.
 * Raw TLS and a ready-made request, because node:https as a client costs more than the server it is meant to load.
 */
import { readFileSync } from 'node:fs';
import { connect, type TLSSocket } from 'node:tls';
import type { Load } from './load.ts';
import { NUMBER, SHAPE, SHAPES } from './varied.ts';

const MOST_REQUESTS = 2_000_000;
const END_OF_HEAD = Buffer.from('\r\n\r\n');

const [path = '/validate'] = process.argv.slice(5);
const [port = 0, seconds = 0, connections = 0] = process.argv.slice(2, 5).map(Number);
const body = readFileSync(process.env['BODY_FILE'] ?? '');
const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
const request = Buffer.concat([Buffer.from(head), body]);
const numbers = placesOf(NUMBER);
const shapes = placesOf(SHAPE);
let number = (Math.floor(Date.now() / 1000) % 1e6) * 1e6;

const begin = performance.now();
const deadline = begin + seconds * 1000;
const latenciesUs: number[] = [];
let failed = 0;

function placesOf(mark: string): readonly number[] {
  const places: number[] = [];
  for (let at = request.indexOf(mark); at >= 0; at = request.indexOf(mark, at + 1)) places.push(at);
  return places;
}

/** Each request has another number. */
function nextRequest(): Buffer {
  if (numbers.length === 0) return request;
  number += 1;
  const next = Buffer.from(request);
  for (const at of numbers) next.write(String(number).padStart(NUMBER.length, '0'), at);
  for (const at of shapes) next.write(String(number % SHAPES).padStart(SHAPE.length, '0'), at);
  return next;
}

/** The bytes of one whole answer at the front of `buffer`, or undefined while some are missing. */
function answerLength(buffer: Buffer): number | undefined {
  const end = buffer.indexOf(END_OF_HEAD);
  if (end < 0) return undefined;
  const length = /content-length: (\d+)/i.exec(buffer.toString('latin1', 0, end))?.[1];
  const whole = end + END_OF_HEAD.length + Number(length);
  return buffer.length >= whole ? whole : undefined;
}

function drive(socket: TLSSocket): void {
  let pending = Buffer.alloc(0);
  let sentAt = 0;
  const send = (): void => {
    sentAt = performance.now();
    socket.write(nextRequest());
  };
  socket.on('secureConnect', send);
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    const whole = answerLength(pending);
    if (whole === undefined) return;
    if (!pending.toString('latin1', 0, 12).startsWith('HTTP/1.1 200')) failed += 1;
    pending = pending.subarray(whole);
    const now = performance.now();
    latenciesUs.push((now - sentAt) * 1000);
    if (now < deadline && latenciesUs.length < MOST_REQUESTS) send();
    else socket.destroy();
  });
  socket.on('error', () => (failed += 1));
}

for (let n = 0; n < connections; n += 1) {
  // The certificate is the bench's own, and the peer is on loopback.
  drive(connect({ host: '127.0.0.1', port, rejectUnauthorized: false }));
}

process.on('exit', () => {
  const sorted = latenciesUs.sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
  const done: Load = {
    requests: sorted.length,
    us: (performance.now() - begin) * 1000,
    p50Us: at(0.5),
    p99Us: at(0.99),
    failed,
  };
  process.stdout.write(`${JSON.stringify(done)}\n`);
});
