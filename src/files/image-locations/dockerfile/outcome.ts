/** What FROMs and ARGs come to once a digest is written: patterns, and ARGs that are made from others, do more than hand it on. */
import type { Edit } from '../../../pinning/image-location.ts';
import { edited, untraced, type TracedText } from '../traced-text.ts';
import { asVariable, pairsOf, undeclared } from './arguments.ts';
import type { Instruction } from './instructions.ts';
import { lex, type LexResult, type Variable } from './lexer.ts';

/** Only what is another text than before. */
export interface Outcome {
  /** By the number of the FROM, from 0; undefined where BuildKit refuses it. */
  readonly images: ReadonlyMap<number, string | undefined>;
  /** ARGs before the first FROM, with the value that they had before. */
  readonly values: ReadonlyMap<string, string | undefined>;
}

interface Text {
  /** Of an ARG; else the number of the FROM. */
  readonly of: string | number;
  readonly written: TracedText;
}

interface LexedText extends Text {
  readonly lexed: LexResult;
  /** By name: which of the texts gave it its value; none has, where that is undefined. */
  readonly seen: ReadonlyMap<string, number | undefined>;
  readonly readBy: number[];
}

/** `froms`: what they name, as it is written. Nothing is read again that does not depend on the edit. */
export function outcomesOf(
  globals: readonly Instruction[],
  froms: readonly TracedText[],
  escape: string,
): (edit: Edit) => Outcome {
  const pairs = globals.flatMap(({ rest }) => pairsOf(rest, escape));
  const texts: readonly Text[] = [
    ...pairs.flatMap(({ name, written }) => (written === undefined ? [] : [{ of: name, written }])),
    ...froms.map((written, of) => ({ of, written })),
  ];
  const all: LexedText[] = [];
  const declared = new Map<string, number>();
  for (const [index, text] of texts.entries()) {
    const seen = new Map<string, number | undefined>();
    const lexed = lexAs(text.written, escape, (name) => {
      const by = declared.get(name);
      if (by !== undefined && !seen.has(name)) all[by]?.readBy.push(index);
      seen.set(name, by);
      return variableOf(name, all[by ?? -1]?.lexed);
    });
    all.push({ ...text, lexed, seen, readBy: [] });
    if (typeof text.of === 'string') declared.set(text.of, index);
  }
  return (edit) => outcomeOf(all, { declared, escape, edit });
}

interface EditedTexts {
  /** Which of the texts has the last word, by name. */
  readonly declared: ReadonlyMap<string, number>;
  readonly escape: string;
  readonly edit: Edit;
}

function outcomeOf(all: readonly LexedText[], { declared, escape, edit }: EditedTexts): Outcome {
  const images = new Map<number, string | undefined>();
  const values = new Map<string, string | undefined>();
  const changed = new Map<number, LexResult>();
  const waiting = new Set<number>();
  for (const [index, { of, written, lexed, seen, readBy }] of all.entries()) {
    const now = edited(written, edit);
    if (now === written && !waiting.has(index)) continue;
    const later = lexAs(now, escape, (name) => {
      const by = seen.get(name) ?? -1;
      return variableOf(name, changed.get(by) ?? all[by]?.lexed);
    });
    if (textOf(later) === textOf(lexed)) continue;
    const isCut = endsCutIn(now).some((name) => changed.has(seen.get(name) ?? -1));
    changed.set(index, isCut ? CUT_END : later);
    for (const reader of readBy) waiting.add(reader);
    if (typeof of === 'number') images.set(of, isCut ? undefined : textOf(later));
    else if (declared.get(of) === index) values.set(of, textOf(lexed));
  }
  return { images, values };
}

/** What is cut off may be the end of one digest, and not that of another. */
const CUT_END: LexResult = { ok: false, problem: 'its end is cut off' };

function endsCutIn({ text }: TracedText): readonly string[] {
  return [...text.matchAll(/\$\{(\w+)%/g)].map(([, name = '']) => name);
}

function variableOf(name: string, lexed: LexResult | undefined): Variable {
  return lexed === undefined ? undeclared(name) : asVariable(name, lexed);
}

/** What only who builds knows has a value as any: what it would be is not asked here, but what depends on what. */
function lexAs(written: TracedText, escape: string, variable: (name: string) => Variable): LexResult {
  const guess = (found: Variable): Variable => {
    if (found.state === 'set') return found;
    return found.state === 'unset' ? { state: 'unset', plain: undefined } : { state: 'set', value: untraced('?') };
  };
  return lex(written, { escape, raw: false, variable: (name) => guess(variable(name)) });
}

function textOf(lexed: LexResult): string | undefined {
  return lexed.ok ? lexed.whole.text : undefined;
}
