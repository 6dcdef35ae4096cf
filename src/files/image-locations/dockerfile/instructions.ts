/** Parses the instructions of a Dockerfile (BuildKit: frontend/dockerfile/parser). */
import { EMPTY, isSpace, slice, split, trim, type TracedText, TracedTextBuilder } from '../traced-text.ts';
import { type HereDocument, hereDocumentsOf, skipHereDocuments } from './here-documents.ts';
import { directivesOf, type Fault, linesOf, readLogicalLine } from './lines.ts';

export interface Instruction {
  /** Uppercase. */
  readonly name: string;
  /** `--name=value`, without their quotes. */
  readonly flags: readonly TracedText[];
  /** The rest of the instruction, as written. */
  readonly rest: TracedText;
  /** Lines of the file, from 1, with those of its here-documents. */
  readonly first: number;
  readonly last: number;
  readonly hereDocuments: readonly HereDocument[];
}

export interface Dockerfile {
  readonly escape: string;
  readonly syntax: TracedText | undefined;
  readonly instructions: readonly Instruction[];
  readonly fault: Fault | undefined;
}

export function parseDockerfile(source: TracedText): Dockerfile {
  const lines = linesOf(source);
  const { escape, syntax, fault } = directivesOf(lines);
  const instructions: Instruction[] = [];
  if (fault !== undefined) return { escape, syntax, instructions, fault };
  for (let line = readLogicalLine(lines, escape); line !== undefined; line = readLogicalLine(lines, escape)) {
    const { first, word } = line;
    const command = commandOf(word, escape);
    const hereDocuments = holdsHereDocuments(command, escape) ? hereDocumentsOf(word) : [];
    const open = skipHereDocuments(lines, hereDocuments);
    if (command.name !== '') instructions.push({ ...command, first, last: lines.next, hereDocuments });
    if (open === undefined) continue;
    const problem = `here-document <<${open.name} is not closed; add a line that contains only ${open.name}`;
    return { escape, syntax, instructions, fault: { offset: word.offsets[0] ?? 0, problem } };
  }
  return { escape, syntax, instructions, fault: undefined };
}

export type Command = Pick<Instruction, 'name' | 'flags' | 'rest'>;

/** ASCII whitespace only; words can contain other whitespace. */
export const BLANKS = /[\t\v\f\r ]+/g;

export function commandOf(line: TracedText, escape: string): Command {
  const whole = trim(line);
  const [name = EMPTY] = split(whole, BLANKS);
  const behind = slice(whole, name.text.length);
  const { flags, rest } = splitFlags(slice(behind, behind.text.search(/[^\t\v\f\r ]|$/)), escape);
  return { name: name.text.toUpperCase(), flags, rest: trim(rest) };
}

/** `ONBUILD` is followed by an instruction. */
export function triggerOf(command: Command, escape: string): Command | undefined {
  return command.name === 'ONBUILD' && command.rest.text !== '' ? commandOf(command.rest, escape) : undefined;
}

function holdsHereDocuments(command: Command, escape: string): boolean {
  const { name, rest } = triggerOf(command, escape) ?? command;
  return ['RUN', 'COPY', 'ADD'].includes(name) && !isList(rest.text);
}

/** A JSON list of strings is not a shell command. */
function isList(text: string): boolean {
  if (!text.startsWith('[')) return false;
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    return false;
  }
}

/** Reads leading words that start with two hyphens, up to a word `--`. */
function splitFlags(
  line: TracedText,
  escape: string,
): { readonly flags: readonly TracedText[]; readonly rest: TracedText } {
  const flags: TracedText[] = [];
  for (let at = 0; at < line.text.length;) {
    if (isSpace(line.text.charAt(at))) {
      at += 1;
      continue;
    }
    if (!line.text.startsWith('--', at)) return { flags, rest: slice(line, at) };
    const { flag, quoted, end } = readFlag(line, at, escape);
    at = end;
    if (flag.text === '--') return { flags, rest: slice(line, at) };
    if (quoted || flag.text !== '') flags.push(flag);
  }
  return { flags, rest: EMPTY };
}

interface Flag {
  readonly flag: TracedText;
  readonly quoted: boolean;
  readonly end: number;
}

function readFlag(line: TracedText, start: number, escape: string): Flag {
  const flag = new TracedTextBuilder();
  let quote = '';
  let quoted = false;
  let at = start;
  for (; at < line.text.length; at += 1) {
    const char = line.text.charAt(at);
    if (quote === '' && isSpace(char)) break;
    if (quote === '' ? char === '"' || char === "'" : char === quote) {
      quote = quote === '' ? char : '';
      quoted = true;
      continue;
    }
    if (char === escape) at += 1;
    flag.add(slice(line, at, at + 1));
  }
  return { flag: flag.take(), quoted, end: at };
}
