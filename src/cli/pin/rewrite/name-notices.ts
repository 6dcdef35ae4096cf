/** What is said about images that keep their names. */
import { quoteValue } from '../../../image/quote.ts';
import type { ImageLocation } from '../../../pinning/image-location.ts';
import type { NamePlan } from '../../../pinning/rewrite/plan-names.ts';
import { count } from '../../../report/paint.ts';
import type { Finding } from '../../../policy/finding.ts';
import type { PinErrorRow } from '../../../report/pin.ts';
import type { Homes } from './homes.ts';
import type { DecidedName } from './wanted-names.ts';

interface NoticeInput {
  readonly homes: Homes;
  readonly plans: ReadonlyMap<ImageLocation, NamePlan>;
}

type FoundName = DecidedName & { readonly finding: NonNullable<DecidedName['finding']> };

export function nameNotices(names: readonly DecidedName[], { homes, plans }: NoticeInput): readonly PinErrorRow[] {
  const found = names.filter((one): one is FoundName => one.finding !== undefined);
  const notQueried = found.filter(({ finding }) => finding.undecided === 'not-queried');
  const known = found.filter(({ finding }) => finding.undecided !== 'not-queried');
  const kept = known.filter(({ finding }) => finding.action === 'audit');
  return [
    ...once(known.filter(({ finding }) => finding.action === 'warn')).map((one) =>
      noticeAt(one, findingText(one.finding), homes),
    ),
    ...keptNotices(once(kept), homes),
    ...notQueriedNotices(once(notQueried), homes),
    ...names.flatMap((one) => unnamedNotice(one, { homes, plans })),
  ];
}

/** The message and its remedy. */
export function findingText({ message, remedy }: Finding): string {
  return remedy === undefined ? message : `${message}; ${remedy}`;
}

/** One for each image and message. */
function once(names: readonly FoundName[]): readonly FoundName[] {
  return [...Map.groupBy(names, ({ finding }) => finding.message).values()].flatMap((same) => same.slice(0, 1));
}

function noticeAt({ image: { place, runBy } }: DecidedName, message: string, homes: Homes): PinErrorRow {
  const file = homes.given(place)?.file;
  return file === undefined
    ? { file: runBy ?? '', line: null, column: null, message }
    : { file, line: place.line, column: place.column, message };
}

/** A mirror may lack many images. */
function keptNotices(kept: readonly FoundName[], homes: Homes): readonly PinErrorRow[] {
  const [first] = kept;
  if (first === undefined) return [];
  const message = findingText(first.finding);
  const all = kept.length === 1 ? message : `${count(kept.length, 'image')} keep their names, for example: ${message}`;
  return [noticeAt(first, all, homes)];
}

function notQueriedNotices(all: readonly FoundName[], homes: Homes): readonly PinErrorRow[] {
  const [first] = all;
  if (first === undefined) return [];
  const message = `cannot determine whether ${count(all.length, 'image')} would get another name, because registries are not queried (--offline)`;
  return [noticeAt(first, message, homes)];
}

/** An image whose name is in a file that the user did not name. */
function unnamedNotice({ image, to }: DecidedName, { homes, plans }: NoticeInput): readonly PinErrorRow[] {
  const { place, reference, runBy } = image;
  if (to === undefined || runBy === undefined || homes.given(place) !== undefined || !plans.has(place)) return [];
  const message = `it runs image ${quoteValue(reference.text, 256)}, which would become ${quoteValue(to.text, 256)}, from ${homes.pathOf(place)}; also pass this file`;
  return [{ file: runBy, line: null, column: null, message }];
}
