/** Which rows are in the page: all of up to 100, otherwise those in view and some around them. The page scrolls, not the table. */
import { useEffect, useLayoutEffect, useMemo, useState } from 'preact/hooks';
import type { TableRows } from './rows.ts';

const VIRTUAL_FROM = 100;
const OVERSCAN = 8;
/** Rows come and go in parts of this size, so that most frames of a slow scroll draw nothing new. */
const PART = 8;
const GROUP_HEIGHT = 44;
/** Until an open finding is measured. */
const DETAIL_HEIGHT = 640;
export const MAX_PRINTED = 500;

export interface Layout {
  /** The top of each row, and the bottom of the last. */
  readonly offsets: Float64Array;
  readonly isVirtual: boolean;
  readonly rowHeight: number;
}

export function isVirtual(rows: number): boolean {
  return rows > VIRTUAL_FROM;
}

export function useLayout(rows: TableRows, heights: ReadonlyMap<string, number>): Layout {
  const [rowHeight, setRowHeight] = useState(cssRowHeight);
  useEffect(() => {
    const update = (): void => setRowHeight(cssRowHeight());
    addEventListener('resize', update);
    return () => removeEventListener('resize', update);
  }, []);
  const offsets = useMemo(() => {
    const tops = new Float64Array(rows.length + 1);
    for (let index = 0, top = 0; index < rows.length; index += 1) {
      const type = rows.typeAt(index);
      if (type === 'finding') top += rowHeight;
      else top += type === 'group' ? GROUP_HEIGHT : (heights.get(rows.at(index).id) ?? DETAIL_HEIGHT);
      tops[index + 1] = top;
    }
    return tops;
  }, [rows, heights, rowHeight]);
  return { offsets, isVirtual: isVirtual(rows.length), rowHeight };
}

function cssRowHeight(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--row')) || 60;
}

/** The first row that ends below `y`. */
export function rowAt(offsets: Float64Array, y: number): number {
  let low = 0;
  let high = offsets.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((offsets[middle + 1] ?? 0) <= y) low = middle + 1;
    else high = middle;
  }
  return low;
}

export type Range = readonly [from: number, to: number];

export function useRange(
  body: { readonly current: HTMLElement | null },
  { offsets, isVirtual: isPart }: Layout,
  isPrinting: boolean,
): Range {
  const count = offsets.length - 1;
  const [range, setRange] = useState<Range>([0, 0]);
  useLayoutEffect(() => {
    if (!isPart) return undefined;
    let frame = 0;
    const measure = (): void => {
      frame = 0;
      const top = -(body.current?.getBoundingClientRect().top ?? 0);
      const from = Math.max(0, Math.floor((rowAt(offsets, top) - OVERSCAN) / PART) * PART);
      const to = Math.min(count, Math.ceil((rowAt(offsets, top + innerHeight) + 1 + OVERSCAN) / PART) * PART);
      setRange((before) => (before[0] === from && before[1] === to ? before : [from, to]));
    };
    const later = (): void => {
      frame ||= requestAnimationFrame(measure);
    };
    measure();
    addEventListener('scroll', later, { passive: true });
    addEventListener('resize', later);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener('scroll', later);
      removeEventListener('resize', later);
    };
  }, [offsets, isPart]);
  if (isPrinting) return [0, Math.min(count, MAX_PRINTED)];
  // Until the effect has measured, a range can be that of longer rows.
  return isPart ? [Math.min(range[0], count), Math.min(range[1], count)] : [0, count];
}
