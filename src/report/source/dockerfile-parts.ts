/** The parts of a Dockerfile that can be shown: instructions, the names of variables, and images. */
import { parseDockerfile } from '../../files/image-locations/dockerfile/instructions.ts';
import { textAt } from '../../files/image-locations/traced-text.ts';
import type { Part } from './parts.ts';
import { looksSecret } from './shown-values.ts';

/** Instructions that give a variable a value. */
const NAMED = /^\s*(?:ONBUILD\s+)?(?:ENV|ARG|LABEL)\s+[\w.-]{1,100}(?:=|\s|$)/i;
const WORD = /\S+/g;

export function dockerfileParts(text: string): readonly Part[] {
  const starts = lineStarts(text);
  return parseDockerfile(textAt(text)).instructions.flatMap(({ name, first }) => {
    const from = starts[first - 1] ?? 0;
    const line = text.slice(from, lineEnd(text, from));
    return name === 'FROM' ? fromParts(line, from) : headParts(line, from);
  });
}

function headParts(line: string, at: number): readonly Part[] {
  const head = NAMED.exec(line)?.[0] ?? /^\s*[A-Za-z]+/.exec(line)?.[0];
  return head === undefined ? [] : [{ from: at, to: at + head.length }];
}

/** Images are shown; a default in a reference to a variable can be anything. */
function fromParts(line: string, at: number): readonly Part[] {
  return [...line.matchAll(WORD)]
    .filter(({ 0: word }) => !/[?+#]|:-/.test(word) && !looksSecret(word))
    .map(({ 0: word, index }) => ({ from: at + index, to: at + index + word.length }));
}

function lineStarts(text: string): readonly number[] {
  return [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}
