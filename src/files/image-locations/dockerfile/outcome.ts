/** Computes the values of FROMs and ARGs after an edit, because patterns and ARGs built from other ARGs can change the digest. */
import type { Edit } from '../../../pinning/image-location.ts';
import { edited, untraced, type TracedText } from '../traced-text.ts';
import { asVariable, pairsOf, undeclared } from './arguments.ts';
import type { Instruction } from './instructions.ts';
import { lex, type LexResult, type Variable } from './lexer.ts';

/** Contains only changed texts. */
export interface Outcome {
  /** Images by the zero-based number of the FROM; undefined: BuildKit rejects it. */
  readonly images: ReadonlyMap<number, string | undefined>;
  /** ARGs before the first FROM, with their values before the edit. */
  readonly values: ReadonlyMap<string, string | undefined>;
}

interface Text {
  /** The name of the ARG, or the number of the FROM. */
  readonly of: string | number;
  readonly written: TracedText;
}

interface LexedText extends Text {
  readonly lexed: LexResult;
  /** The index of the text that sets each variable, by name; undefined: no text sets it. */
  readonly seen: ReadonlyMap<string, number | undefined>;
  readonly readBy: number[];
}

/** `froms`: the images of the FROMs as written. Only texts that depend on the edit are read again. */
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
  /** The last text that sets each variable, by name. */
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

/** The removed part can be the end of one digest and not of another. */
const CUT_END: LexResult = { ok: false, problem: 'its end is cut off' };

function endsCutIn({ text }: TracedText): readonly string[] {
  return [...text.matchAll(/\$\{(\w+)%/g)].map(([, name = '']) => name);
}

function variableOf(name: string, lexed: LexResult | undefined): Variable {
  return lexed === undefined ? undeclared(name) : asVariable(name, lexed);
}

/** Treats values that are known only at build time as set, because only the dependencies between texts matter here. */
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
