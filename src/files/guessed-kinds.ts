/** `check --guess-kinds`: locations of images in kinds that the table does not have, from the objects themselves. */
import { quoteValue } from '../image/quote.ts';
import { imagePointersIn } from '../pod/image-signs.ts';
import { isBuiltInGroup } from '../pod/kind-entry.ts';
import { type KindEntry, type KindTable, kindTable } from '../pod/kinds.ts';
import type { Manifest } from './manifest-objects.ts';
import type { InputNotice } from './skipped-files.ts';

export interface GuessedKinds {
  readonly kinds: KindTable;
  /** One for each kind. */
  readonly notices: readonly InputNotice[];
}

/** Bounds the time of each object of the kind; real kinds have far fewer. */
const MAX_POINTERS = 200;

interface Guess {
  readonly first: Manifest;
  readonly pointers: Set<string>;
  objects: number;
}

export function guessKinds(kinds: KindTable, manifests: readonly Manifest[]): GuessedKinds {
  const guesses = new Map<string, Guess>();
  for (const manifest of manifests) {
    const { object, type } = manifest.request;
    if (object === undefined || isBuiltInGroup(type.group) || kinds.find(type.group, type.kind) !== undefined) continue;
    const found = imagePointersIn(object, type.group);
    if (found.length === 0) continue;
    const key = `${type.group}/${type.kind}`;
    const guess = guesses.get(key) ?? { first: manifest, pointers: new Set(), objects: 0 };
    guess.objects += 1;
    for (const pointer of found) if (guess.pointers.size < MAX_POINTERS) guess.pointers.add(pointer);
    guesses.set(key, guess);
  }
  if (guesses.size === 0) return { kinds, notices: [] };
  const entries = [...guesses.values()].map(entryOf);
  const guessed = kindTable(entries);
  return {
    kinds: { ...kinds, find: (group, kind) => kinds.find(group, kind) ?? guessed.find(group, kind) },
    notices: [...guesses.values()].map(noticeOf),
  };
}

function entryOf({ first, pointers }: Guess): KindEntry {
  const { group, kind } = first.request.type;
  return { group, kind, images: [...pointers] };
}

function noticeOf({ first, pointers, objects }: Guess): InputNotice {
  const { group, kind } = first.request.type;
  const all = [...pointers];
  const isPlain = [group, kind, ...all].every((text) => /^[\w./*-]+$/.test(text));
  const remedy =
    isPlain && all.length <= 5 ? `add {group: ${group}, kind: ${kind}, images: [${all.join(', ')}]}` : 'add it';
  const subject = `${objects === 1 ? 'an object' : `${objects} objects`} of kind ${quoteValue(kind)} in the API group ${quoteValue(group)}`;
  return {
    ...first.placeOf('/kind'),
    message: `${subject} ${objects === 1 ? 'is' : 'are'} evaluated at guessed locations; ${remedy} to "kinds" in the configuration file, so that the webhook evaluates the kind as well`,
  };
}
