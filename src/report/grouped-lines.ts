/** An outage says the same of hundreds of images: one line for all of them, where people read. Machine formats keep each. */
import { INTERRUPTED } from '../pinning/reference-lookup.ts';
import { withoutPause } from '../lookup/circuit.ts';

export interface MessageGroup<R> {
  readonly rows: readonly [R, ...R[]];
  /** `471 images cannot be pinned: docker.io answered 503 ("nginx", "redis:7", "app" and 468 more: see -o json)` */
  readonly message: string;
}

export interface MessageRow {
  readonly message: string | null;
}

/** With fewer, each line says more than the one for all. */
const MIN_ALIKE = 3;
const SHOWN = 3;

/** Of rows that could not be decided. `kindOf` keeps apart what must not share a line. */
export function groupAlike<R extends MessageRow>(
  rows: readonly R[],
  kindOf: (row: R) => string = () => '',
): readonly MessageGroup<R>[] {
  const undecided = rows.filter(({ message }) => message?.endsWith(INTERRUPTED) === false);
  const groups = Map.groupBy(undecided, (row) => JSON.stringify([kindOf(row), reasonOf(row)]));
  return [...groups.values()].flatMap((group) => {
    const [first, ...rest] = group;
    if (first === undefined || imagesIn(group).length < MIN_ALIKE) return [];
    return [{ rows: [first, ...rest], message: messageOf(first, imagesIn(group)) }];
  });
}

/** The image that a message is about, with its word. */
const IMAGE = /(?:image )?("(?:[^"\\]|\\.)*"…?)/;

function reasonOf({ message }: MessageRow): string {
  return ofAll(withoutPause((message ?? '').replace(IMAGE, '')));
}

const NAME = String.raw`"(?:[^"\\]|\\.)*"…?`;
const NONE = new RegExp(` does not have ${NAME}`, 'g');
const FOR = new RegExp(` for ${NAME}`, 'g');

/** What failed comes first. Where that is an outage, what mirrors said of each image is the same for all. */
function ofAll(text: string): string {
  const end = text.indexOf('; ');
  if (end === -1 || text.slice(0, end).includes('"')) return text;
  return text.replaceAll(NONE, ' has none of them').replaceAll(FOR, ' for them');
}

function imagesIn(rows: readonly MessageRow[]): readonly string[] {
  return [...new Set(rows.flatMap(({ message }) => IMAGE.exec(message ?? '')?.[1] ?? []))];
}

function messageOf({ message }: MessageRow, images: readonly string[]): string {
  const text = ofAll(withoutPause((message ?? '').replace(IMAGE, `${images.length} images`))).replace(
    ' images has drifted',
    ' images have drifted',
  );
  const more = images.length - SHOWN;
  return `${text} (${images.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more: see -o json` : ''})`;
}
