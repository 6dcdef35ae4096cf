/** The keys of the table: j and k move, o opens. The finding that the address names is shown first. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { isTyping } from './keys.ts';
import type { TableRows } from './rows.ts';
import type { State } from './state.ts';
import type { Layout } from './virtual.ts';

interface Input {
  readonly rows: TableRows;
  readonly state: State;
  readonly hasKeys: boolean;
  readonly body: { readonly current: HTMLElement | null };
  readonly layout: Layout;
  readonly toggle: (finding: number) => void;
}

export interface TableKeys {
  /** The number of a finding. */
  readonly current: number | undefined;
  readonly setCurrent: (finding: number) => void;
}

/** Of the page: room for the head of the table, and below a row. */
const ABOVE = 60;
const BELOW = 20;

export function useTableKeys(input: Input): TableKeys {
  const [current, show] = useState(input.state.open);
  const now = useRef(current);
  const isMoved = useRef(false);
  const latest = useRef(input);
  latest.current = input;
  // The keys are faster than the page is drawn, so they do not wait for it.
  const setCurrent = useCallback((finding: number | undefined): void => {
    now.current = finding;
    show(finding);
  }, []);
  useEffect(() => {
    const { rows, state } = latest.current;
    const index = state.open === undefined ? -1 : rows.indexOf(state.open);
    if (index >= 0) reveal(index, latest.current, true);
  }, []);
  // The row may be in the page only when the table is drawn again, because scrolling brings it there.
  useEffect(() => {
    const button = isMoved.current && now.current !== undefined && rowButton(input.body.current, now.current);
    if (!button) return;
    isMoved.current = false;
    button.focus({ preventScroll: true });
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const { rows, hasKeys, toggle } = latest.current;
      if (!hasKeys || isTyping(event)) return;
      const step = { j: 1, k: -1 }[event.key];
      if (step !== undefined) {
        const from = now.current === undefined ? -1 : rows.indexOf(now.current);
        const index = nextFinding(rows, from, step);
        if (index === undefined) return;
        reveal(index, latest.current, false);
        isMoved.current = true;
        const row = rows.at(index);
        setCurrent(row.type === 'finding' ? row.item.index : undefined);
      } else if (event.key === 'o' && now.current !== undefined) toggle(now.current);
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return { current, setCurrent };
}

function nextFinding(rows: TableRows, from: number, step: number): number | undefined {
  let index = from + step;
  if (from < 0) index = step > 0 ? 0 : rows.length - 1;
  while (index >= 0 && index < rows.length && rows.typeAt(index) !== 'finding') index += step;
  return index >= 0 && index < rows.length ? index : undefined;
}

/** Scrolls only if the row is not in view. */
function reveal(index: number, { body, layout }: Pick<Input, 'body' | 'layout'>, isFirst: boolean): void {
  const { offsets, rowHeight } = layout;
  const top = (body.current?.getBoundingClientRect().top ?? 0) + scrollY + (offsets[index] ?? 0);
  if (isFirst || top < scrollY + ABOVE) scrollTo({ top: top - ABOVE });
  else if (top + rowHeight > scrollY + innerHeight - BELOW) scrollTo({ top: top + rowHeight + BELOW - innerHeight });
}

/** The button of a finding, if its row is in the page. */
export function rowButton(body: HTMLElement | null, finding: number): HTMLElement | undefined {
  return body?.querySelector<HTMLElement>(`button.main[data-finding="${finding}"]`) ?? undefined;
}
