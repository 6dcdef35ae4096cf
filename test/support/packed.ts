/** A gzip tar archive with files, as `helm package` writes it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

const BLOCK = 512;

/** The content of each file by its path; an archive is a Buffer. */
type PackedTree = Readonly<Record<string, string | Buffer>>;

export function packed(tree: PackedTree): Buffer {
  const entries = Object.entries(tree).flatMap(([name, content]) => [header(name, content), padded(content)]);
  return gzipSync(Buffer.concat([...entries, Buffer.alloc(2 * BLOCK)]));
}

export function plantPacked(file: string, tree: PackedTree): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, packed(tree));
}

/** POSIX ustar; the checksum is computed with spaces in its place. */
function header(name: string, content: string | Buffer): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0);
  block.write('0000644\0', 100);
  block.write(`${Buffer.byteLength(content).toString(8).padStart(11, '0')}\0`, 124);
  block.write('00000000000\0', 136);
  block.write('        0', 148);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function padded(content: string | Buffer): Buffer {
  const block = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / BLOCK) * BLOCK);
  Buffer.from(content).copy(block);
  return block;
}
