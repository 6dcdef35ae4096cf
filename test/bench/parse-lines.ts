/** The reference for `replay`: reads a file, and parses each line as JSON. `node parse-lines.ts FILE`. */
import { createReadStream } from 'node:fs';

const NEWLINE = 0x0a;
let begun: Buffer[] = [];
let objects = 0;

function parse(text: string): void {
  const value: unknown = JSON.parse(text);
  if (typeof value === 'object') objects += 1;
}

for await (const piece of createReadStream(process.argv[2] ?? '', { highWaterMark: 256 * 1024 })) {
  const bytes = piece as Buffer;
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    const line = bytes.subarray(start, end);
    parse(begun.length === 0 ? line.toString() : Buffer.concat([...begun, line]).toString());
    begun = [];
    start = end + 1;
  }
  begun.push(bytes.subarray(start));
}
process.exitCode = objects > 0 ? 0 : 2;
