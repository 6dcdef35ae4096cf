/** The terminal of this process. Colours follow NO_COLOR and FORCE_COLOR (picocolors knows them) and whether stdout is a terminal. */
import colours from 'picocolors';
import type { Terminal } from './terminal.ts';

export function processTerminal(): Terminal {
  // A reader that has seen enough (head) is no error of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return {
    out: (text) => void process.stdout.write(text),
    note: (text) => void process.stderr.write(text),
    isTerminal: process.stdout.isTTY,
    colours: process.stdout.isTTY && colours.isColorSupported,
    lines,
  };
}

/** Lines end with LF or CRLF and nothing else: U+2028, which node:readline splits at, may stand in a line. */
async function* lines(): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    const parts = `${rest}${String(chunk)}`.split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) yield part.endsWith('\r') ? part.slice(0, -1) : part;
  }
  if (rest !== '') yield rest;
}
