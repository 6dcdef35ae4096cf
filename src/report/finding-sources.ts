/** The source lines of the findings and errors of a report, within bounds. */
import { type CheckView, isTerminal } from './check-view.ts';
import { type Entry, isFinding, levelInk } from './finding-lines.ts';
import { count, type Paint } from './paint.ts';
import { sourceLines } from './source-lines.ts';
import { createShownSource, type ShownSource } from './source/shown-source.ts';

/** Up to this number of findings, a terminal shows source lines without an option. */
const FEW = 10;
const MAX_FINDINGS = 200;
/** The files of which the text is kept. */
const MAX_TEXTS = 4;
/** Cells of a source line that is not in a terminal. */
const PIPE_WIDTH = 160;
const MIN_WIDTH = 30;

export interface Sources {
  readonly of: (entry: Entry, indent: number) => readonly string[];
  /** Says what was left out; empty if nothing was. */
  readonly note: () => string;
}

/** `findings`: the number that is shown. */
export function createSources(findings: number, view: CheckView, ink: Paint): Sources {
  const around = view.sourceLines ?? (isTerminal(view) && findings <= FEW ? 1 : undefined);
  const { textOf } = view;
  if (around === undefined || around === 0 || textOf === undefined) return { of: () => [], note: () => '' };
  const sourceOf = remembered(textOf);
  let number = 0;
  return {
    of(entry, indent) {
      const { file, line, column } = entry;
      const { image, pointer, mark } = isFinding(entry)
        ? { image: entry.image, pointer: entry.pointer, mark: levelInk(entry, ink) }
        : { image: null, pointer: null, mark: ink.red };
      if (line === null || column === null) return [];
      number += 1;
      const source = number > MAX_FINDINGS ? undefined : sourceOf(file);
      if (source === undefined) return [];
      const gutter = Math.max(indent, String(line + around).length) + 5;
      const width = view.columns === undefined ? PIPE_WIDTH : Math.max(MIN_WIDTH, view.columns - gutter);
      const lines = sourceLines(source, { line, column, image, pointer }, { around, width, ink, mark, indent });
      return lines.length === 0 ? [] : ['', ...lines, ''];
    },
    note: () =>
      number > MAX_FINDINGS ? ink.dim(`source lines are shown for the first ${count(MAX_FINDINGS, 'place')}\n\n`) : '',
  };
}

function remembered(textOf: (file: string) => string | undefined): (file: string) => ShownSource | undefined {
  const sources = new Map<string, ShownSource | undefined>();
  return (file) => {
    if (sources.has(file)) return sources.get(file);
    const [oldest] = sources.keys();
    if (sources.size >= MAX_TEXTS && oldest !== undefined) sources.delete(oldest);
    const text = textOf(file);
    const source = text === undefined ? undefined : createShownSource(file, text);
    sources.set(file, source);
    return source;
  };
}
