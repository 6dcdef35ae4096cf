/** Two passes of edits as one: those of the second pass are about the text after the first one. */
import { applyEdits, type Edit } from './image-location.ts';

/** An edit, with its place in the text between the passes. */
interface Placed {
  readonly edit: Edit;
  readonly from: number;
  readonly to: number;
}

/** Returns edits of `text`. Edits of both passes that touch each other become one. */
export function composedEdits(text: string, first: readonly Edit[], second: readonly Edit[]): readonly Edit[] {
  const between = applyEdits(text, first);
  const placed = placedEdits(first);
  const groups: { from: number; to: number; edits: Edit[] }[] = [];
  const ranges = [
    ...placed.map(({ from, to }) => ({ from, to, edits: [] as readonly Edit[] })),
    ...second.map(asRange),
  ];
  for (const { from, to, edits } of ranges.toSorted((one, other) => one.from - other.from || one.to - other.to)) {
    const last = groups.at(-1);
    if (last === undefined || from > last.to) groups.push({ from, to, edits: [...edits] });
    else groups.splice(-1, 1, { from: last.from, to: Math.max(to, last.to), edits: [...last.edits, ...edits] });
  }
  return groups.map(({ from, to, edits }) => {
    const inside = edits.map((edit) => ({ ...edit, from: edit.from - from, to: edit.to - from }));
    return { ...originalRange({ from, to }, placed), text: applyEdits(between.slice(from, to), inside) };
  });
}

function asRange(edit: Edit): { readonly from: number; readonly to: number; readonly edits: readonly Edit[] } {
  return { from: edit.from, to: edit.to, edits: [edit] };
}

/** Without repeated edits. */
function placedEdits(edits: readonly Edit[]): readonly Placed[] {
  const placed: Placed[] = [];
  let shift = 0;
  for (const edit of edits.toSorted((one, other) => one.from - other.from || one.to - other.to)) {
    const last = placed.at(-1)?.edit;
    if (last?.from === edit.from && last.to === edit.to && last.text === edit.text) continue;
    const from = edit.from + shift;
    placed.push({ edit, from, to: from + edit.text.length });
    shift += edit.text.length - (edit.to - edit.from);
  }
  return placed;
}

/** The range of the original text that became a range. No end of the range is inside of an edit. */
function originalRange({ from, to }: Pick<Edit, 'from' | 'to'>, placed: readonly Placed[]): Pick<Edit, 'from' | 'to'> {
  const growth = (edits: readonly Placed[]): number =>
    edits.reduce((sum, { edit }) => sum + edit.text.length - (edit.to - edit.from), 0);
  return {
    from: from - growth(placed.filter((one) => one.from < from)),
    to: to - growth(placed.filter((one) => one.from <= to)),
  };
}
