/** Groups equal messages about many images, such as those of an outage, into one line of text. Other formats keep each message. */
import { INTERRUPTED } from '../pinning/reference-lookup.ts';
import { withoutPause } from '../lookup/circuit.ts';

export interface MessageGroup<R> {
  readonly rows: readonly [R, ...R[]];
  /** `471 images cannot be pinned: docker.io returned HTTP 503 ("nginx", "redis:7", "app" and 468 more: see -o json)` */
  readonly message: string;
}

export interface MessageRow {
  readonly message: string | null;
}

/** The number of images from which messages are grouped. */
const MIN_ALIKE = 3;
const SHOWN = 3;

/** Groups rows with unknown results. Rows for which `kindOf` differs do not share a line. */
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

/** The first quoted image in a message, with the word before it. */
const IMAGE = /(?:image )?("(?:[^"\\]|\\.)*"…?)/;

function reasonOf({ message }: MessageRow): string {
  return ofAll(withoutPause((message ?? '').replace(IMAGE, '')));
}

const NAME = String.raw`"(?:[^"\\]|\\.)*"…?`;
const NONE = new RegExp(` does not have ${NAME}`, 'g');
const FOR = new RegExp(` for ${NAME}`, 'g');

/** Removes image names from the responses of mirrors if the message begins with an outage, which is the same for all images. */
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
